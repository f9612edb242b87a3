import { Refused } from '@/core/errors';
import type { FleetNode, NodeView } from '@/protocol/api/fleet';
import { fleetNodes as readFleetNodes } from '@/server/data/fleet-nodes';
import { nodeDetail, nodeSlivers } from '@/server/data/node-detail';
import { lockNodeSwitch, updateNodeSwitch } from '@/server/data/nodes';
import { guestsOf } from '@/server/data/partners';
import { nodeUsage } from '@/server/data/usage';
import type { Db, Tx } from '@/server/db';
import { notify } from '@/server/notify';
import { audit } from '../audit';
import { may, type Person } from '../policy';

/** The fleet, or the nodes of `ids`: the snapshot and the changes of live topic `fleet`. Every signed-in person sees it. */
export function fleetNodes(db: Tx, options: { ids?: readonly string[]; now?: Date } = {}): Promise<FleetNode[]> {
  return readFleetNodes(db, options);
}

/** One node with all that is known of it. Slices that `person` may not see are only counted. @throws Refused NOT_FOUND */
export async function nodeView(db: Tx, person: Person, id: string, now: Date): Promise<NodeView> {
  const [node] = await readFleetNodes(db, { ids: [id], now });
  const detail = await nodeDetail(db, id, now);
  if (!node || !detail) throw new Refused('NOT_FOUND', { kind: 'node', id });
  const slivers = await nodeSlivers(db, id);
  const { siteId, ...rest } = detail;
  const sliverRows = slivers.filter(({ slice }) => may(person, 'slice.read', slice)).map(({ row }) => row);
  return {
    ...node,
    ...rest,
    sliverRows,
    usage: await nodeUsage(db, id, now),
    otherSlivers: slivers.length - sliverRows.length,
    guests: await guestsOf(db, id),
    may: { adminSwitch: may(person, 'node.adminSwitch', { siteId }), enrol: may(person, 'node.enrol', { siteId }) },
  };
}

/**
 * Opens a node to new slivers, drains or closes it. The node hears of it with the answer to its next heartbeat (10 s);
 * running slivers stay in each case. Idempotent.
 */
export function setAdminSwitch(
  db: Db,
  person: Person,
  input: { id: string; adminSwitch: FleetNode['adminSwitch'] },
  now: Date,
): Promise<NodeView> {
  return db.$transaction(async (tx) => {
    const node = await lockNodeSwitch(tx, input.id);
    if (!node) throw new Refused('NOT_FOUND', { kind: 'node', id: input.id });
    if (node.adminSwitch !== input.adminSwitch) {
      await updateNodeSwitch(tx, input.id, input.adminSwitch);
      const object = { kind: 'node', id: node.urn, siteId: node.siteId };
      await audit(tx, person, 'node.adminSwitch', object, { from: node.adminSwitch, to: input.adminSwitch }, now);
      await notify(tx, { k: 'node', ids: [input.id] });
    }
    return nodeView(tx, person, input.id, now);
  });
}
