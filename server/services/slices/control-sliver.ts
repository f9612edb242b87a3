import type { z } from 'zod';
import type { SliverAct, SliverActAnswer, SliverLogs } from '@/protocol/api/slice';
import { orRefused } from '@/protocol/transport/client';
import type { SliceFactsRow } from '@/server/data/slice-facts';
import type { Db } from '@/server/db';
import { webServiceManager } from '@/server/service-manager/web';
import { auditedCall } from '@/server/services/audited-call';
import type { Person } from '@/server/services/policy';
import { sliverTarget } from './sliver-target';

/**
 * Starts, stops or resets the slice's sliver on a node (named as for exec). Audited before it is done, and when it is refused.
 * @throws Refused NOT_FOUND, CONFLICT, NO_LEASE, NODE_UNREACHABLE
 */
export async function controlSliver(
  db: Db,
  person: Person,
  slice: SliceFactsRow,
  input: z.infer<typeof SliverAct>,
  now: Date,
): Promise<z.infer<typeof SliverActAnswer>> {
  const target = await sliverTarget(db, slice, input.node);
  const facts = { node: target.urn, member: slice.memberIds.includes(person.id) };
  const action = `slice.sliver.${input.act}`;
  const { state } = await auditedCall(db, person, { action, slice, facts, now }, async () => {
    const node = (await webServiceManager()).node(target);
    return orRefused(node[input.act].mutate({ slice: slice.urn }));
  });
  return { node: target.urn, hostname: target.hostname, state };
}

/** What its node did to a sliver and what its first process printed. @throws as controlSliver */
export async function sliverLogs(db: Db, slice: SliceFactsRow, name: string): Promise<z.infer<typeof SliverLogs>> {
  const target = await sliverTarget(db, slice, name);
  const node = (await webServiceManager()).node(target);
  const logs = await orRefused(node.logs.query({ slice: slice.urn }));
  return { ...logs, node: target.urn, hostname: target.hostname };
}
