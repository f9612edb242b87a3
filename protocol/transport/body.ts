import type { IncomingMessage } from 'node:http';
import { Refused } from '@/core/errors';

/**
 * The body of a call as JSON, at most `max` bytes; undefined when it is empty. A body that says it is larger is refused
 * before a byte of it is read. Throws Refused TOO_LARGE or INVALID_INPUT. How slow it may be is the server's request timeout.
 */
export async function jsonBody(request: IncomingMessage, max: number): Promise<unknown> {
  if (Number(request.headers['content-length'] ?? 0) > max) throw new Refused('TOO_LARGE', { field: 'body', max });
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > max) throw new Refused('TOO_LARGE', { field: 'body', max });
    chunks.push(chunk);
  }
  if (bytes === 0) return undefined;
  try {
    return JSON.parse(
      chunks.length === 1 && chunks[0] ? chunks[0].toString('utf8') : Buffer.concat(chunks).toString('utf8'),
    );
  } catch (cause) {
    throw new Refused('INVALID_INPUT', { field: 'body', problem: 'not JSON' }, { cause });
  }
}
