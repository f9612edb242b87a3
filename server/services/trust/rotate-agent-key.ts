import { Refused } from '@/core/errors';
import { askForRotation } from '@/server/data/agent-keys';
import type { Db } from '@/server/db';
import { notify } from '@/server/notify';
import { audit } from '@/server/services/audit';
import type { Person } from '@/server/services/policy';

/**
 * Asks an agent of this deployment for another key: it makes one, nodes delegate to it beside the present one, then it takes its place. Asked
 * again while that goes on it changes nothing. @throws Refused NOT_FOUND, REVOKED, CONFLICT: partners know it by its present key
 */
export function rotateAgentKey(db: Db, person: Person, name: string, now: Date): Promise<{ agent: string }> {
  return db.$transaction(async (tx) => {
    const asked = await askForRotation(tx, name, now);
    if (!asked) throw new Refused('NOT_FOUND', { kind: 'agent', id: name });
    const { urn, revoked, hosts } = asked;
    if (revoked) throw new Refused('REVOKED', { kind: 'agent', id: urn });
    if (hosts > 0)
      throw new Refused('CONFLICT', {
        kind: 'agent',
        id: urn,
        problem: 'a partner that shares nodes with this deployment knows it by its present key',
      });
    await audit(tx, person, 'agent.rotateKey', { kind: 'agent', id: urn }, {}, now);
    await notify(tx, { k: 'trust' });
    return { agent: urn };
  });
}
