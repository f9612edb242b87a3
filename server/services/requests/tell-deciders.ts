import { findMemberIds, findOperatorIds } from '@/server/data/people';
import type { Tx } from '@/server/db';
import { tell } from '../notifications';
import type { Person } from '../policy';

/** Tells the site's PIs that a request waits; the operators when no PI but the asker could decide it. */
export async function tellDeciders(
  tx: Tx,
  siteId: string,
  by: Person,
  facts: { slice: string; kind: 'create' | 'renew' | 'change' },
  now: Date,
): Promise<void> {
  const others = (ids: string[]) => ids.filter((id) => id !== by.id);
  const pis = others(await findMemberIds(tx, siteId, 'pi'));
  const deciders = pis.length > 0 ? pis : others(await findOperatorIds(tx));
  await tell(tx, deciders, {
    kind: 'request-pending',
    facts: { ...facts, by: by.name },
    href: '/approvals',
    createdAt: now,
  });
}
