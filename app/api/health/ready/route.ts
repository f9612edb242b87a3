import { readiness } from '@/server/services/readiness';

export const dynamic = 'force-dynamic';

/** The process can do its work: 200, or 503 with what is missing. */
export async function GET(): Promise<Response> {
  const state = await readiness();
  return Response.json(state, { status: state.ready ? 200 : 503 });
}
