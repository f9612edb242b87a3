import { createHash } from 'node:crypto';
import { Refused } from '@/core/errors';
import { REFUSAL_MAP } from '@/core/errors-map';
import { type FleetDocument, fleetXml } from '@/core/rspec/fleet-document';
import { processAuth } from '@/server/auth';
import { documentNodes } from '@/server/data/fleet-document';
import { processDb, type Tx } from '@/server/db';
import { urnAuthority } from '@/server/env';
import { log } from '@/server/log';
import { contextOf } from '@/server/trpc/request-context';
import { demand } from '../policy';

/** So long one reading of the database serves all who ask: the document is the same for everybody. */
const FRESH_MS = 2_000;

type Made = { document: FleetDocument; json: string; xml: string; tag: string; at: number };
let made: Promise<Made> | null = null;
let madeAt = 0;

/** Puts the document together; `generated` stays what it was while nothing else changed, and is its Last-Modified. */
export async function makeDocument(db: Tx, before: Made | null, now: number): Promise<Made> {
  const nodes = await documentNodes(db);
  const tag = createHash('sha256').update(JSON.stringify(nodes)).digest('base64url').slice(0, 27);
  if (before?.tag === tag) return before;
  const at = Math.floor(now / 1000) * 1000;
  const document: FleetDocument = {
    version: 1,
    authority: urnAuthority(),
    generated: new Date(at).toISOString(),
    nodes,
  };
  return { document, json: `${JSON.stringify(document)}\n`, xml: fleetXml(document), tag, at };
}

function current(db: Tx): Promise<Made> {
  const now = Date.now();
  if (made && now - madeAt < FRESH_MS) return made;
  const before = made;
  madeAt = now;
  made = (before ?? Promise.resolve(null)).catch(() => null).then((known) => makeDocument(db, known, now));
  made.catch(() => {
    made = null; // the next one asks anew
  });
  return made;
}

/** GET /api/fleet/document.json and .xml: the fleet as one document, for whoever may see the fleet, by session or token. */
export async function handleDocument(request: Request, form: 'json' | 'xml'): Promise<Response> {
  try {
    const { context } = await contextOf(processDb(), processAuth(), request.headers, log);
    demand(context.person, 'fleet.read', null);
    const { tag, at, [form]: body } = await current(context.db);
    const headers = {
      etag: `"${tag}-${form}"`,
      'last-modified': new Date(at).toUTCString(),
      'cache-control': 'private, no-cache',
      vary: 'authorization, cookie',
    };
    if (isKnown(request, headers.etag, at)) return new Response(null, { status: 304, headers });
    const type = form === 'json' ? 'application/json' : 'application/xml; charset=utf-8';
    return new Response(body, { headers: { ...headers, 'content-type': type } });
  } catch (err) {
    if (err instanceof Refused) return Response.json({ refusal: err.reason }, { status: REFUSAL_MAP[err.code].http });
    log.error({ err }, 'the fleet’s document could not be made');
    return Response.json({ error: 'Something went wrong on our side.' }, { status: 500 });
  }
}

/** RFC 9110, 13.2.2: If-None-Match counts before If-Modified-Since. */
function isKnown(request: Request, etag: string, at: number): boolean {
  const tags = request.headers.get('if-none-match');
  if (tags !== null)
    return tags.split(',').some((one) => one.trim().replace(/^W\//, '') === etag || one.trim() === '*');
  const since = Date.parse(request.headers.get('if-modified-since') ?? '');
  return Number.isFinite(since) && at <= since;
}
