import { Refused } from '@/core/errors';

/** Requests that may carry a thousand picked node URNs; all others are small. */
const LARGE = /\/(slices\.(request|check)|changes\.(grow|growCheck|shrink|move))(,|$)/;
const MAX_BODY = 64 * 1024;
const MAX_LARGE_BODY = 512 * 1024;
const MAX_BATCH = 20;

/**
 * Refuses what another site's page made the browser send along with our cookie. Browsers say where a request comes from
 * (Sec-Fetch-Site, else Origin); a cookie with neither is refused. Calls without a cookie carry nobody's authority.
 * @throws Refused NOT_ALLOWED
 */
export function demandSameOrigin(request: Request, origin: string): void {
  if (request.method === 'GET' || request.method === 'HEAD') return;
  if (!request.headers.has('cookie') || request.headers.has('authorization')) return;
  const site = request.headers.get('sec-fetch-site');
  const same = site === null ? request.headers.get('origin') === origin : site === 'same-origin';
  if (!same) throw new Refused('NOT_ALLOWED', { permission: 'same-origin' });
}

/**
 * The request with its body read, at most 64 KiB (512 KiB for slice specs), so that no caller fills the memory.
 * @throws Refused TOO_LARGE {field, max}
 */
export async function bounded(request: Request): Promise<Request> {
  const path = new URL(request.url).pathname;
  if (path.split(',').length > MAX_BATCH) throw new Refused('TOO_LARGE', { field: 'batch', max: MAX_BATCH });
  if (!request.body) return request;
  const max = LARGE.test(path) ? MAX_LARGE_BODY : MAX_BODY;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const reader = request.body.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    bytes += next.value.byteLength;
    if (bytes > max) {
      await reader.cancel();
      throw new Refused('TOO_LARGE', { field: 'body', max });
    }
    chunks.push(next.value);
  }
  return new Request(request.url, {
    method: request.method,
    headers: request.headers,
    body: Buffer.concat(chunks),
    signal: request.signal,
  });
}
