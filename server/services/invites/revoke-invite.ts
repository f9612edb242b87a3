import { Refused } from '@/core/errors';
import { findInvite, updateRevoked } from '@/server/data/invites';
import type { Db } from '@/server/db';
import { audit } from '../audit';
import { demand, type Person } from '../policy';

/** Makes the link useless. Idempotent. @throws Refused NOT_FOUND also when it is another site's */
export async function revokeInvite(db: Db, by: Person, id: string, now: Date): Promise<{ id: string }> {
  const invite = await findInvite(db, id);
  const object = { kind: 'invite', id };
  if (!invite) throw new Refused('NOT_FOUND', object);
  demand(by, 'invite.revoke', invite, { ...object, visible: false });
  await db.$transaction(async (tx) => {
    if (!(await updateRevoked(tx, id, now))) return;
    await audit(tx, by, 'invite.revoke', { ...object, siteId: invite.siteId }, { email: invite.email }, now);
  });
  return { id };
}
