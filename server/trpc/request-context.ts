import type { Auth } from '@/server/auth';
import { findPerson, isSessionLive } from '@/server/data/people';
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
    const again = () => personOfToken(db, bearer, new Date());
    const person = await again();
    return { context: { ...base, person, via: person && 'token', again }, cookies: [] };
  }
  const nobody: Context = { ...base, person: null, via: null, again: async () => null };
  if (!headers.has('cookie')) return { context: nobody, cookies: [] };
  const answer = await auth.api.getSession({ headers, returnHeaders: true });
  const cookies = answer.headers?.getSetCookie() ?? [];
  if (!answer.response) return { context: nobody, cookies };
  const { session } = answer.response;
  const again = async () => ((await isSessionLive(db, session.id, new Date())) ? findPerson(db, session.userId) : null);
  const person = await findPerson(db, session.userId);
  return { context: { ...base, person, via: person && 'session', again }, cookies };
}

/** The token of an Authorization header, '' when the header is of another kind; null without one. */
export function bearerOf(headers: Headers): string | null {
  const header = headers.get('authorization');
  if (header === null) return null;
  return /^Bearer ([\w.-]{1,300})$/i.exec(header)?.[1] ?? '';
}
