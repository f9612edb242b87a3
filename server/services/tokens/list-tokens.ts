import { findApiKeys } from '@/server/data/api-keys';
import type { Tx } from '@/server/db';

/** The person's tokens, newest first: all but the secret. */
export const listTokens = (db: Tx, userId: string) => findApiKeys(db, userId);
