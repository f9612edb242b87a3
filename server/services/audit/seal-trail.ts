import { type AuditSeal, sealHead } from '@/protocol/audit/seal';
import type { IdentityKey } from '@/protocol/statement/keys';
import { findHead, findLastSeal, insertSeal } from '@/server/data/audit-trail';
import type { Tx } from '@/server/db';

/** Signs how far the trail is, unless that was done; null when nothing came since. */
export async function sealTrail(db: Tx, key: IdentityKey, now: Date): Promise<AuditSeal | null> {
  const head = await findHead(db);
  if (!head || (await findLastSeal(db))?.seq === head.seq) return null;
  const seal = sealHead(key, head, now);
  await insertSeal(db, seal);
  return seal;
}
