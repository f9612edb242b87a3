import { Refused } from '@/core/errors';
import { REFUSAL_MAP } from '@/core/errors-map';
import { RSPEC_LIMITS } from '@/core/rspec/limits';
import { processAuth } from '@/server/auth';
import { type Db, processDb } from '@/server/db';
import { webEnvironment } from '@/server/env';
import { log } from '@/server/log';
import { demandSameOrigin } from '@/server/trpc/guard';
import { contextOf } from '@/server/trpc/request-context';
import { demand, type Person } from '../policy';
import { importAdvertisement } from './import-advertisement';

const PROGRESS_EVERY_MS = 100;

/**
 * POST /api/fleet/import: the body is the advertisement. Who may not, or sends too much, is told by status and one JSON
 * line; else the answer is 200 and NDJSON: {progress: {bytes, nodes}} …, at last {report}, {refusal} or {error}.
 */
export async function handleImport(request: Request): Promise<Response> {
  const requestId = crypto.randomUUID();
  try {
    demandSameOrigin(request, webEnvironment().MERIDIAN_URL);
    const { context } = await contextOf(processDb(), processAuth(), request.headers, log);
    const person = demand(context.person, 'fleet.import', null);
    const length = Number(request.headers.get('content-length') ?? 0);
    if (length > RSPEC_LIMITS.bytes) throw new Refused('TOO_LARGE', { field: 'file', max: RSPEC_LIMITS.bytes });
    if (!request.body)
      throw new Refused('INVALID_INPUT', { field: 'body', problem: 'send the advertisement as the body' });
    return new Response(answer(context.db, person, request.body, requestId), {
      headers: { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store', 'x-request-id': requestId },
    });
  } catch (error) {
    const last = lastWord(error, requestId);
    const status = error instanceof Refused ? REFUSAL_MAP[error.code].http : 500;
    return Response.json(last, { status });
  }
}

function answer(
  db: Db,
  person: Person,
  body: ReadableStream<Uint8Array>,
  requestId: string,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let gone = false;
  return new ReadableStream({
    async start(controller) {
      const say = (line: object) => {
        if (!gone) controller.enqueue(encoder.encode(`${JSON.stringify(line)}\n`));
      };
      let said = 0;
      const onProgress = (progress: { bytes: number; nodes: number }) => {
        const now = performance.now();
        if (now - said < PROGRESS_EVERY_MS) return;
        said = now;
        say({ progress });
      };
      try {
        say({ report: await importAdvertisement(db, person, chunksOf(body), { now: new Date(), onProgress }) });
      } catch (error) {
        say(lastWord(error, requestId));
      }
      if (!gone) controller.close();
    },
    cancel() {
      // Whoever asked went away. What was read whole is still written; a body that stops coming ends the import.
      gone = true;
    },
  });
}

async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    await reader.cancel().catch(() => {}); // it had ended, or its sender has gone
  }
}

function lastWord(error: unknown, requestId: string): object {
  if (error instanceof Refused) return { refusal: error.reason };
  log.error({ err: error, requestId }, 'import failed');
  return { error: { requestId } };
}
