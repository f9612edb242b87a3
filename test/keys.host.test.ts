import { afterAll, beforeAll, expect, test } from 'vitest';
import { findPerson } from '@/server/data/people';
import { type Db, openDb } from '@/server/db';
import { openServiceManager, type ServiceManager } from '@/server/service-manager/service-manager';
import { addKey } from '@/server/services/keys/add-key';
import { removeKey } from '@/server/services/keys/remove-key';
import type { Person } from '@/server/services/policy';
import { type Deployment, simulatedNodes, startDeployment, until } from './deployment';
import { ECDSA, ED25519 } from './sample-keys';
import { approvedSlice, sliceState } from './slices';

// A change of one's keys, from where the browser's call ends to the nodes, with the real programs and a simulated fleet.
let d: Deployment;
let db: Db;
let manager: ServiceManager;
let person: Person;
const NAMES = ['keysone', 'keystwo'];
const urnOf = (name: string) => `urn:publicid:IDN+test:lab+slice+lab_${name}`;

beforeAll(async () => {
  d = await startDeployment({
    nodes: simulatedNodes(4),
    heartbeatMs: 500,
    workerEnv: { MERIDIAN_REPAIR_SECONDS: '1' },
  });
  db = openDb(d.databaseUrl, 3);
  manager = await openServiceManager({
    db: d.pool,
    sealKey: Buffer.from(d.env.MERIDIAN_SEAL_KEY ?? '', 'base64url'),
    authority: 'test',
    agentAddress: d.env.MERIDIAN_AGENT_ADDRESS ?? '',
  });
  const found = await findPerson(db, d.personId);
  if (!found) throw new Error('the owner is missing');
  person = found;
  const ids = await Promise.all(
    NAMES.map((shortName) => approvedSlice(d.pool, d, { shortName, count: 3, minimum: 3 })),
  );
  for (const id of ids)
    await until(async () => (await sliceState(d.pool, id)).state === 'active', 60_000, 'the slices to run');
}, 180_000);
afterAll(async () => {
  await manager?.close();
  await db?.$disconnect();
  await d?.remove();
}, 60_000);

/** Keys as every node with a sliver of the slice has them. */
async function keysOnNodes(name: string): Promise<{ node: string; keys: string[] }[]> {
  const { rows } = await d.pool.query<{ urn: string; address: string; jkt: string }>(
    `SELECT n.urn, n.address, k.jkt FROM "Sliver" v JOIN "Slice" s ON s.id = v."sliceId" JOIN "Node" n ON n.id = v."nodeId"
     JOIN "NodeKey" k ON k."nodeId" = n.id AND k."revokedAt" IS NULL WHERE s.name = $1 AND v."goneAt" IS NULL`,
    [`lab_${name}`],
  );
  return Promise.all(
    rows.map(async (node) => ({
      node: node.urn,
      keys: (
        await manager
          .node(node)
          .keys.query({ slice: urnOf(name) })
          .catch(() => ({ keys: ['away'] }))
      ).keys,
    })),
  );
}
const everywhere = async (is: (keys: string[]) => boolean) =>
  (await Promise.all(NAMES.map(keysOnNodes))).flat().every(({ keys }) => is(keys));

test('a key added or removed is on every node of every slice of its owner within a second', {
  timeout: 60_000,
}, async () => {
  const took: number[] = [];
  const within = async (change: () => Promise<unknown>, is: (keys: string[]) => boolean) => {
    await change();
    const began = performance.now();
    await until(() => everywhere(is), 5_000, 'the keys to be there');
    took.push(performance.now() - began);
  };
  for (let round = 0; round < 3; round += 1) {
    let id = '';
    const add = async () => {
      id = (await addKey(db, person, { name: 'laptop', publicKey: ED25519 }, new Date())).id;
    };
    await within(add, (keys) => keys.length === 1 && keys[0]?.startsWith(ED25519) === true);
    await within(
      () => removeKey(db, person, id, new Date()),
      (keys) => keys.length === 0,
    );
  }
  took.sort((a, b) => a - b);
  console.log(`keys on 6 slivers after ${took.map((ms) => Math.round(ms)).join(', ')} ms`);
  expect(took[Math.floor(took.length / 2)]).toBeLessThan(1_000);
});

test('a key that was removed while a node was away is gone there soon after it is back', {
  timeout: 60_000,
}, async () => {
  const { id } = await addKey(db, person, { name: 'desk', publicKey: ECDSA }, new Date());
  await until(() => everywhere((keys) => keys.length === 1), 10_000, 'the key to be there');
  const [away] = await keysOnNodes(NAMES[0] ?? '');
  if (!away) throw new Error('no node');
  d.behave({ [away.node]: 'down' });
  await until(
    async () => (await keysOnNodes(NAMES[0] ?? '')).some(({ keys }) => keys[0] === 'away'),
    10_000,
    'it to be away',
  );
  // As the agent's sweeper does half a minute later.
  const node = `(SELECT id FROM "Node" WHERE urn = $1)`;
  const missed = `UPDATE "Heartbeat" SET reachability = 'unreachable', since = now(), at = now() - interval '60 s' WHERE "nodeId" = ${node}`;
  await d.pool.query(missed, [away.node]);
  await d.pool.query(`UPDATE "Sliver" SET reported = 'unknown' WHERE "nodeId" = ${node} AND "goneAt" IS NULL`, [
    away.node,
  ]);
  await removeKey(db, person, id, new Date());
  const others = async () => (await keysOnNodes(NAMES[0] ?? '')).filter(({ node }) => node !== away.node);
  await until(async () => (await others()).every(({ keys }) => keys.length === 0), 5_000, 'the others to know');
  // Whatever was tried while it was away counts for nothing: only coming back may bring it about.
  await d.pool.query(`DELETE FROM graphile_worker._private_jobs WHERE key LIKE 'set-keys:%' AND locked_at IS NULL`);
  d.behave({ [away.node]: 'normal' });
  await until(() => everywhere((keys) => keys.length === 0), 20_000, 'it to know too');
});
