import type { z } from 'zod';
import { Refused } from '@/core/errors';
import type { ExecAnswer, ExecRequest } from '@/protocol/api/slice';
import { orRefused } from '@/protocol/transport/client';
import { findExecTargets } from '@/server/data/exec-targets';
import type { SliceFactsRow } from '@/server/data/slice-facts';
import type { Db } from '@/server/db';
import { webServiceManager } from '@/server/service-manager/web';
import { audit } from '@/server/services/audit';
import type { Person } from '@/server/services/policy';

/**
 * Runs a command in the slice's sliver on one node, named by URN, id, hostname, the last part of its URN, or
 * "this machine". The audit log keeps who, where and what, before it runs; never what it printed.
 * @throws Refused NOT_FOUND, CONFLICT (several nodes of that name), NO_LEASE, NODE_UNREACHABLE, EXEC_FAILED
 */
export async function execInSliver(
  db: Db,
  person: Person,
  slice: SliceFactsRow,
  input: z.infer<typeof ExecRequest>,
  now: Date,
): Promise<z.infer<typeof ExecAnswer>> {
  const targets = await findExecTargets(db, slice.id, input.node);
  const target = targets[0];
  if (!target) throw new Refused('NOT_FOUND', { kind: 'node of the slice', id: input.node });
  if (targets.length > 1) {
    const nodes = targets.map((t) => t.urn).join(', ');
    throw new Refused('CONFLICT', {
      kind: 'node',
      id: input.node,
      problem: `several nodes are called so; name one by its URN: ${nodes}`,
    });
  }
  if (target.goneAt || target.reported === 'failed')
    throw new Refused('NO_LEASE', { slice: slice.name, node: target.hostname });
  if (!target.address || !target.jkt) throw new Refused('NODE_NOT_ENROLLED', { node: target.hostname });
  const facts = { node: target.urn, command: input.argv, member: slice.memberIds.includes(person.id) };
  await db.$transaction((tx) =>
    audit(tx, person, 'slice.exec', { kind: 'slice', id: slice.name, siteId: slice.siteId }, facts, now),
  );
  const manager = await webServiceManager();
  const node = manager.node({ address: target.address, urn: target.urn, jkt: target.jkt });
  const output = await orRefused(node.exec.mutate({ slice: slice.urn, argv: input.argv, timeoutMs: input.timeoutMs }));
  return { ...output, node: target.urn, hostname: target.hostname };
}
