import { z } from 'zod';
import { Refused } from '@/core/errors';
import { REFUSAL_MAP } from '@/core/errors-map';
import { AuditFilter } from '@/protocol/api/audit';
import { processAuth } from '@/server/auth';
import { processDb } from '@/server/db';
import { log } from '@/server/log';
import { contextOf } from '@/server/trpc/request-context';
import { demand } from '../policy';
import { exportTrail } from './export-trail';

const Query = AuditFilter.extend({ format: z.enum(['csv', 'jsonl']) });
const TYPES = { csv: 'text/csv; charset=utf-8', jsonl: 'application/x-ndjson; charset=utf-8' } as const;

/** GET /api/audit/export?format=csv|jsonl and the filters of the page: what the caller may see, oldest first, as it is read. */
export async function handleExport(request: Request): Promise<Response> {
  const requestId = crypto.randomUUID();
  try {
    const { context } = await contextOf(processDb(), processAuth(), request.headers, log);
    const person = demand(context.person, 'audit.read', null);
    const { format, ...filter } = queryOf(request);
    const name = `audit-${context.now.toISOString().slice(0, 10)}.${format}`;
    const rows = exportTrail(context.db, person, filter, format);
    const encoder = new TextEncoder();
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const next = await rows.next();
        if (next.done) controller.close();
        else controller.enqueue(encoder.encode(next.value));
      },
      async cancel() {
        await rows.return(undefined);
      },
    });
    const headers = { 'content-type': TYPES[format], 'content-disposition': `attachment; filename="${name}"` };
    return new Response(body, { headers: { ...headers, 'cache-control': 'no-store', 'x-request-id': requestId } });
  } catch (error) {
    if (error instanceof Refused)
      return Response.json({ refusal: error.reason }, { status: REFUSAL_MAP[error.code].http });
    log.error({ err: error, requestId }, 'export failed');
    return Response.json({ error: { requestId } }, { status: 500 });
  }
}

function queryOf(request: Request): z.infer<typeof Query> {
  const given = Object.fromEntries([...new URL(request.url).searchParams].filter(([, value]) => value !== ''));
  const parsed = Query.safeParse(given);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Refused('INVALID_INPUT', {
    field: issue?.path.join('.') || 'query',
    problem: issue?.message ?? 'not understood',
  });
}
