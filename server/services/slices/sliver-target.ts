import { Refused } from '@/core/errors';
import { findExecTargets } from '@/server/data/exec-targets';
import type { SliceFactsRow } from '@/server/data/slice-facts';
import type { Db } from '@/server/db';

/** A node that can be called, by who it is. */
export type SliverTarget = { urn: string; hostname: string; address: string; jkt: string };

/**
 * The node that a person means by `name`, on which the slice has a sliver: a URN, id, hostname, the last part of the URN, or "this machine".
 * @throws Refused NOT_FOUND, CONFLICT (several nodes of that name), NO_LEASE, NODE_NOT_ENROLLED
 */
export async function sliverTarget(db: Db, slice: SliceFactsRow, name: string): Promise<SliverTarget> {
  const targets = await findExecTargets(db, slice.id, name);
  const target = targets[0];
  if (!target) throw new Refused('NOT_FOUND', { kind: 'node of the slice', id: name });
  if (targets.length > 1) {
    const nodes = targets.map((t) => t.urn).join(', ');
    throw new Refused('CONFLICT', {
      kind: 'node',
      id: name,
      problem: `several nodes are called so; name one by its URN: ${nodes}`,
    });
  }
  if (target.goneAt || target.reported === 'failed')
    throw new Refused('NO_LEASE', { slice: slice.name, node: target.hostname });
  if (!target.address || !target.jkt) throw new Refused('NODE_NOT_ENROLLED', { node: target.hostname });
  const { urn, hostname, address, jkt } = target;
  return { urn, hostname, address, jkt };
}
