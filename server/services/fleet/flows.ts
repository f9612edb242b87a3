import type { z } from 'zod';
import { Refused } from '@/core/errors';
import type { FlowsAnswer, FlowsRequest } from '@/protocol/api/network';
import { orRefused } from '@/protocol/transport/client';
import { findDialledNode } from '@/server/data/dialled-node';
import { findLeaseholders } from '@/server/data/leaseholders';
import type { Db } from '@/server/db';
import { webServiceManager } from '@/server/service-manager/web';
import { audit } from '@/server/services/audit';
import type { Person } from '@/server/services/policy';

/**
 * Who sent this? Asks the node's flow records, and says which slice and which people a flow leads to, deleted slices included. Who asked what
 * is in the audit log, before it is asked: it is people's traffic.
 * @throws Refused NOT_FOUND, NODE_NOT_ENROLLED, NODE_UNREACHABLE, NO_NETWORK
 */
export async function findFlows(
  db: Db,
  person: Person,
  { id, ...question }: z.infer<typeof FlowsRequest>,
  now: Date,
): Promise<FlowsAnswer> {
  const node = await findDialledNode(db, id);
  if (!node) throw new Refused('NOT_FOUND', { kind: 'node', id });
  const { urn, address, jkt, siteId } = node;
  if (!address || !jkt) throw new Refused('NODE_NOT_ENROLLED', { node: urn });
  const facts = Object.fromEntries(Object.entries(question).map(([name, value]) => [name, value ?? null]));
  await db.$transaction((tx) => audit(tx, person, 'node.flows', { kind: 'node', id: urn, siteId }, facts, now));
  const answer = await orRefused((await webServiceManager()).node({ urn, address, jkt }).flows.query(question));
  const holders = await findLeaseholders(db, jkt, [...new Set(answer.flows.map((flow) => flow.lease))]);
  return {
    ...answer,
    node: urn,
    flows: answer.flows.map(({ lease, ...flow }) => {
      const holder = holders.get(lease);
      return {
        ...flow,
        sliceName: holder?.name ?? null,
        sliceState: holder?.state ?? null,
        people: holder?.people ?? [],
      };
    }),
  };
}
