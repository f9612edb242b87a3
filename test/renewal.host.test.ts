import { afterAll, beforeAll, expect, test } from 'vitest';
import { openServiceManager, type ServiceManager } from '@/server/service-manager/service-manager';
import { type Deployment, simulatedNodes, startDeployment, until } from './deployment';
import { approvedRenewal, approvedSlice, deleteSlice, sliceState } from './slices';

// Renewal with the real programs and a simulated fleet: what the nodes say, and what people are told.
let d: Deployment;
let manager: ServiceManager;
const urn = (i: number) => `urn:publicid:IDN+test+node+sim${i}`;
const DAY = 86_400;

beforeAll(async () => {
  d = await startDeployment({
    nodes: simulatedNodes(14),
    heartbeatMs: 500,
    workerEnv: { MERIDIAN_REPAIR_SECONDS: '1' },
  });
  manager = await openServiceManager({
    db: d.pool,
    sealKey: Buffer.from(d.env.MERIDIAN_SEAL_KEY ?? '', 'base64url'),
    authority: 'test',
    agentAddress: d.env.MERIDIAN_AGENT_ADDRESS ?? '',
  });
}, 180_000);
afterAll(async () => {
  await manager?.close();
  await d?.remove();
}, 60_000);

type Sliver = {
  node: string;
  reported: string;
  reason: { code: string } | null;
  leaseEndsAt: Date;
  leaseJti: string;
  goneAt: Date | null;
  renewSteps: string[];
};
const slivers = async (sliceId: string) =>
  (
    await d.pool.query<Sliver>(
      `SELECT n.urn AS node, v.reported::text, v.reason, l."endsAt" AS "leaseEndsAt", l.jti AS "leaseJti", v."goneAt",
         ARRAY(SELECT s.outcome FROM "DeploymentStep" s WHERE s."sliverId" = v.id AND s.step = 'renew' ORDER BY s.id) AS "renewSteps"
       FROM "Sliver" v JOIN "Node" n ON n.id = v."nodeId" LEFT JOIN "Lease" l ON l."sliverId" = v.id WHERE v."sliceId" = $1 ORDER BY v.id`,
      [sliceId],
    )
  ).rows;
const endsAt = async (sliceId: string) =>
  (
    await d.pool.query<{ at: Date }>('SELECT "endsAt" AS at FROM "Slice" WHERE id = $1', [sliceId])
  ).rows[0]?.at.getTime();
const settled = async (requestId: string) =>
  (await d.pool.query('SELECT 1 FROM "Request" WHERE id = $1 AND "settledAt" IS NOT NULL', [requestId])).rowCount === 1;

/** Whole seconds, as the nodes' leases have: the ends of all leases that the nodes themselves hold for the slice. */
async function endsOnNodes(name: string): Promise<number[]> {
  const { rows } = await d.pool.query<{ urn: string; address: string; jkt: string }>(
    `SELECT n.urn, n.address, k.jkt FROM "Node" n JOIN "NodeKey" k ON k."nodeId" = n.id AND k."revokedAt" IS NULL`,
  );
  const said = await Promise.all(rows.map((node) => manager.node(node).slivers.query()));
  return said
    .flatMap((s) => s.slivers)
    .filter((s) => s.slice.endsWith(`+${name}`) && s.state !== 'gone')
    .map((s) => Date.parse(s.lease.end));
}

async function deployed(
  shortName: string,
  more: Partial<Parameters<typeof approvedSlice>[2]> = {},
  lastsSeconds = DAY,
): Promise<string> {
  const id = await approvedSlice(d.pool, d, { shortName, count: 8, minimum: 6, ...more }, lastsSeconds);
  await until(async () => (await sliceState(d.pool, id)).state === 'active', 60_000, 'the slice runs');
  return id;
}
const whole = (ms: number) => Math.floor(ms / 1000) * 1000;
const notices = async (kind: string, name: string) =>
  (await d.pool.query(`SELECT 1 FROM "Notification" WHERE kind = $1 AND facts->>'slice' = $2`, [kind, name])).rowCount;

test('an approved renewal moves the end of every lease, and of the slice', { timeout: 60_000 }, async () => {
  const id = await deployed('longer');
  const before = await slivers(id);
  await d.pool.query('UPDATE "Slice" SET "warnedAt" = now() WHERE id = $1', [id]);
  const { requestId, target } = await approvedRenewal(d.pool, id, 7 * DAY);
  await until(() => settled(requestId), 30_000, 'the renewal is through');
  expect(await endsAt(id)).toBe(target.getTime());
  const after = await slivers(id);
  expect(after.map((v) => v.leaseEndsAt.getTime())).toEqual(after.map(() => whole(target.getTime())));
  expect(after.map((v) => v.leaseJti)).toEqual(before.map((v) => v.leaseJti));
  expect(after.map((v) => v.renewSteps)).toEqual(after.map(() => ['ok']));
  expect(await endsOnNodes('lab_longer')).toEqual(after.map(() => whole(target.getTime())));
  const { rows } = await d.pool.query('SELECT state::text, "warnedAt" FROM "Slice" WHERE id = $1', [id]);
  expect(rows).toEqual([{ state: 'active', warnedAt: null }]);
  expect(await notices('slice-renewed', 'lab_longer')).toBe(1);
  // And once more, over the first renewal.
  const again = await approvedRenewal(d.pool, id, 7 * DAY);
  await until(() => settled(again.requestId), 30_000, 'the second renewal is through');
  expect(await endsOnNodes('lab_longer')).toEqual(after.map(() => whole(again.target.getTime())));
  await deleteSlice(d.pool, id);
  await until(async () => (await sliceState(d.pool, id)).state === 'deleted', 30_000, 'the slice is gone');
  expect(await endsOnNodes('lab_longer')).toEqual([]);
  // A moment after the last sliver is gone all have been given back.
  const held = `SELECT 1 FROM "Ticket" t WHERE t."sliceId" = $1 AND t.state = 'redeemed'`;
  await until(async () => (await d.pool.query(held, [id])).rowCount === 0, 10_000, 'every ticket is given back');
});

test('a worker that is killed in the middle of it: another one ends it, each lease renewed once', {
  timeout: 120_000,
}, async () => {
  for (let round = 0; round < 3; round++) {
    const id = await deployed(`killed${round}`);
    const { requestId, target } = await approvedRenewal(d.pool, id, 7 * DAY);
    await until(
      async () =>
        (await endsOnNodes(`lab_killed${round}`)).some((end) => end === whole(target.getTime())) ||
        (await settled(requestId)),
      30_000,
      'a node has renewed',
    );
    await d.kill('worker');
    await d.start('worker');
    await until(() => settled(requestId), 60_000, 'the renewal is through');
    const after = await slivers(id);
    expect(after.map((v) => v.leaseEndsAt.getTime())).toEqual(after.map(() => whole(target.getTime())));
    expect(await endsOnNodes(`lab_killed${round}`)).toEqual(after.map(() => whole(target.getTime())));
    expect(await endsAt(id)).toBe(target.getTime());
    expect(await notices('slice-renewed', `lab_killed${round}`)).toBe(1);
    await deleteSlice(d.pool, id);
    await until(async () => (await sliceState(d.pool, id)).state === 'deleted', 30_000, 'the slice is gone');
  }
});

test('a node that is away is renewed when it is back; the others do not wait', { timeout: 90_000 }, async () => {
  const id = await deployed('away', { count: 5, picked: [urn(3)], minimum: 4 });
  d.behave({ [urn(3)]: 'down' });
  const { requestId, target } = await approvedRenewal(d.pool, id, 7 * DAY);
  await until(async () => (await endsAt(id)) === target.getTime(), 30_000, 'the slice’s end moves');
  const behind = (await slivers(id)).find((v) => v.node === urn(3));
  expect(behind).toMatchObject({ reason: { code: 'NODE_UNREACHABLE' }, goneAt: null });
  expect(behind?.leaseEndsAt.getTime()).toBeLessThan(target.getTime());
  expect(await settled(requestId)).toBe(false);
  d.behave({ [urn(3)]: 'normal' });
  await until(() => settled(requestId), 60_000, 'the last one is renewed');
  expect((await slivers(id)).map((v) => v.leaseEndsAt.getTime())).toEqual(
    Array.from({ length: 6 }, () => whole(target.getTime())),
  );
  await deleteSlice(d.pool, id);
  await until(async () => (await sliceState(d.pool, id)).state === 'deleted', 30_000, 'the slice is gone');
});

test('a term that no node allows: the end stays, and it says why', { timeout: 60_000 }, async () => {
  const id = await deployed('toolong', { count: 4, minimum: 2 });
  const before = await endsAt(id);
  const { requestId } = await approvedRenewal(d.pool, id, 28 * DAY);
  await until(() => settled(requestId), 30_000, 'the renewal ends');
  expect(await endsAt(id)).toBe(before);
  expect((await slivers(id)).map((v) => v.reason?.code)).toEqual(Array.from({ length: 4 }, () => 'TERM_TOO_LONG'));
  expect(await notices('slice-not-renewed', 'lab_toolong')).toBe(1);
  expect((await sliceState(d.pool, id)).state).toBe('active');
  await deleteSlice(d.pool, id);
  await until(async () => (await sliceState(d.pool, id)).state === 'deleted', 30_000, 'the slice is gone');
});

test('in the grace, a suspended slice comes back with its stopped slivers', { timeout: 90_000 }, async () => {
  const id = await deployed('revived', { count: 4, minimum: 3 }, 15);
  await until(
    async () => {
      await d.pool.query(
        `SELECT graphile_worker.add_job('expire', '{}'::json, job_key := 'expire', max_attempts := 1)`,
      );
      const { state, reported } = await sliceState(d.pool, id);
      return state === 'suspended' && reported.stopped === 4;
    },
    40_000,
    'it is suspended and its slivers stopped',
  );
  const { requestId, target } = await approvedRenewal(d.pool, id, DAY);
  await until(() => settled(requestId), 30_000, 'the renewal is through');
  await until(async () => (await sliceState(d.pool, id)).state === 'active', 30_000, 'it runs again');
  expect(await sliceState(d.pool, id)).toMatchObject({ reported: { running: 4 }, live: 4 });
  expect(await endsOnNodes('lab_revived')).toEqual(Array.from({ length: 4 }, () => whole(target.getTime())));
  await deleteSlice(d.pool, id);
  await until(async () => (await sliceState(d.pool, id)).state === 'deleted', 30_000, 'the slice is gone');
});
