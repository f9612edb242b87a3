import type { z } from 'zod';
import type { ExecAnswer, ExecRequest } from '@/protocol/api/slice';
import { orRefused } from '@/protocol/transport/client';
import type { SliceFactsRow } from '@/server/data/slice-facts';
import type { Db } from '@/server/db';
import { webServiceManager } from '@/server/service-manager/web';
import { auditedCall } from '@/server/services/audited-call';
import type { Person } from '@/server/services/policy';
import { sliverTarget } from './sliver-target';

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
  const target = await sliverTarget(db, slice, input.node);
  const facts = { node: target.urn, command: input.argv, member: slice.memberIds.includes(person.id) };
  const output = await auditedCall(db, person, { action: 'slice.exec', slice, facts, now }, async () => {
    const node = (await webServiceManager()).node(target);
    return orRefused(node.exec.mutate({ slice: slice.urn, argv: input.argv, timeoutMs: input.timeoutMs }));
  });
  return { ...output, node: target.urn, hostname: target.hostname };
}
