import { Refused } from '@/core/errors';
import { liftHold } from '@/server/data/revoke/restore';
import type { Db } from '@/server/db';
import { audit } from '@/server/services/audit';
import type { Person } from '@/server/services/policy';

/**
 * Lets nodes delegate again whose delegation was taken back: the agent asks each for a new one with its next heartbeat. What was taken
 * back stays so, and its tickets void. Idempotent. @throws Refused NOT_FOUND
 */
export function restore(db: Db, person: Person, id: string, now: Date): Promise<{ nodes: number }> {
  return db.$transaction(async (tx) => {
    const lifted = await liftHold(tx, id, now);
    if (lifted === null) throw new Refused('NOT_FOUND', { kind: 'revocation', id });
    if (lifted > 0) await audit(tx, person, 'trust.restored', { kind: 'revocation', id }, { delegations: lifted }, now);
    return { nodes: lifted };
  });
}
