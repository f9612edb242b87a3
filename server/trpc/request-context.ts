import type { Auth } from '@/server/auth';
import { findPerson } from '@/server/data/people';
import type { Db } from '@/server/db';
import type { Log } from '@/server/log';
import { personOfToken } from '@/server/services/tokens/person-of-token';
import type { Context } from './context';

/**
 * Who calls: a CLI token (`Authorization: Bearer mrd_…`) or a session cookie. A token that does not hold is nobody, never
 * the cookie's person. `cookies` are better-auth's, to be sent back: they prolong the session.
 */
export async function contextOf(
  db: Db,
  auth: Auth,
  headers: Headers,
  log: Log,
): Promise<{ context: Context; cookies: string[] }> {
  const requestId = crypto.randomUUID();
  const base = { db, now: new Date(), requestId, log: log.child({ requestId }) as Log };
  const bearer = bearerOf(headers);
  if (bearer !== null) {
    const person = await personOfToken(db, bearer, base.now);
    return { context: { ...base, person, via: person && 'token' }, cookies: [] };
  }
  if (!headers.has('cookie')) return { context: { ...base, person: null, via: null }, cookies: [] };
  const answer = await auth.api.getSession({ headers, returnHeaders: true });
  const person = answer.response && (await findPerson(db, answer.response.user.id));
  return { context: { ...base, person, via: person && 'session' }, cookies: answer.headers?.getSetCookie() ?? [] };
}

/** The token of an Authorization header, '' when the header is of another kind; null without one. */
export function bearerOf(headers: Headers): string | null {
  const header = headers.get('authorization');
  if (header === null) return null;
  return /^Bearer ([\w.-]{1,300})$/i.exec(header)?.[1] ?? '';
}
