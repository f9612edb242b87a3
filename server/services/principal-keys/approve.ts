import { Refused } from '@/core/errors';
import type { DecidableKeyView } from '@/protocol/api/principal-keys';
import { findPrincipalKey, markApproved } from '@/server/data/principal-keys';
import type { Db } from '@/server/db';
import { audit } from '../audit';
import { tell } from '../notifications';
import { demand, type Person } from '../policy';
import { decidableView } from './views';

/**
 * Lets a person's own service manager count, from now on. Never one's own. Idempotent.
 * @throws Refused NOT_FOUND, NOT_ALLOWED, OWN_REQUEST, REVOKED
 */
export function approveKey(db: Db, by: Person, id: string, now: Date): Promise<DecidableKeyView> {
  return db.$transaction(async (tx) => {
    const key = await findPrincipalKey(tx, id);
    if (by.operator && key?.userId === by.id) throw new Refused('OWN_REQUEST', { requestId: id });
    demand(by, 'principalKey.approve', { ownerId: key?.userId ?? '' }, { kind: 'key', id, visible: by.operator });
    if (!key) throw new Refused('NOT_FOUND', { kind: 'key', id });
    if (key.revokedAt) throw new Refused('REVOKED', { kind: 'key', id: key.jkt });
    if (await markApproved(tx, id, by.id, now)) {
      const { name, jkt } = key;
      await audit(tx, by, 'principal-key.approve', { kind: 'key', id }, { name, jkt, person: key.user.email }, now);
      await tell(tx, [key.userId], {
        kind: 'key-approved',
        facts: { name, by: by.name },
        href: '/keys',
        createdAt: now,
      });
    }
    const approved = await findPrincipalKey(tx, id);
    if (!approved) throw new Refused('NOT_FOUND', { kind: 'key', id });
    return decidableView(approved, by);
  });
}
