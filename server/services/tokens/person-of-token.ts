import { findApiKeyUser, updateLastUsed } from '@/server/data/api-keys';
import { findPerson } from '@/server/data/people';
import type { Tx } from '@/server/db';
import type { Person } from '../policy';
import { hashSecret } from '../secret-token';
import { TOKEN_PREFIX } from './create-token';

/** A script may call many times a second; "last used" need not be written each time. */
const LAST_USED_EVERY_MS = 60_000;

/** Whose token this is; null when it is none, is revoked or has expired, or the account is disabled. */
export async function personOfToken(db: Tx, token: string, now: Date): Promise<Person | null> {
  if (!token.startsWith(TOKEN_PREFIX) || token.length > 200) return null;
  const key = await findApiKeyUser(db, hashSecret(token), now);
  if (!key) return null;
  if (!key.lastUsedAt || now.getTime() - key.lastUsedAt.getTime() > LAST_USED_EVERY_MS)
    await updateLastUsed(db, key.id, now);
  return findPerson(db, key.userId);
}
