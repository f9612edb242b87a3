import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Deployment, simulatedNodes, startDeployment, until } from './deployment';
import { approvedSlice, deleteSlice, retrySlice, sliceState } from './slices';

// The whole path with the real programs and a simulated fleet: what fails is said, replaced or released.
let d: Deployment;
const urn = (i: number) => `urn:publicid:IDN+test+node+sim${i}`;

beforeAll(async () => {
  const nodes = simulatedNodes(14).map((node, i) => ({
    ...node,
    behaviour: i < 2 ? ('failing' as const) : ('normal' as const),
  }));
  d = await startDeployment({ nodes, heartbeatMs: 1_000, workerEnv: { MERIDIAN_REPAIR_SECONDS: '1' } });
}, 180_000);
afterAll(() => d?.remove(), 60_000);

const settled = async (sliceId: string) => {
  await until(
    async () => !['approved', 'deploying'].includes((await sliceState(d.pool, sliceId)).state),
    60_000,
    'the slice settles',
  );
  return sliceState(d.pool, sliceId);
};
const gone = async (sliceId: string) => {
  await deleteSlice(d.pool, sliceId);
  await until(async () => (await sliceState(d.pool, sliceId)).state === 'deleted', 30_000, 'the slice is gone');
};
const slivers = async (sliceId: string) => {
  const { rows } = await d.pool.query<{
    id: string;
    node: string;
    reported: string;
    reason: { code: string } | null;
    goneAt: Date | null;
    replaces: string | null;
    steps: string[];
  }>(
    `SELECT v.id::text, n.urn AS node, v.reported::text, v.reason, v."goneAt", v."substituteForId"::text AS replaces,
       ARRAY(SELECT s.step || ':' || s.outcome FROM "DeploymentStep" s WHERE s."sliverId" = v.id ORDER BY s.id) AS steps
     FROM "Sliver" v JOIN "Node" n ON n.id = v."nodeId" WHERE v."sliceId" = $1 ORDER BY v."createdAt"`,
    [sliceId],
  );
  return rows;
};

test('a node whose slivers do not start is said so, released and replaced by another', {
  timeout: 60_000,
}, async () => {
  const sliceId = await approvedSlice(d.pool, d, {
    shortName: 'subst',
    count: 4,
    picked: [urn(0), urn(1)],
    minimum: 6,
    minCountries: 2,
  });
  expect((await settled(sliceId)).state).toBe('active');
  await until(
    async () => (await slivers(sliceId)).every((v) => v.reported === 'running' || v.goneAt),
    20_000,
    'what failed is released',
  );
  const all = await slivers(sliceId);
  const failed = all.filter((v) => v.reported === 'failed');
  expect(failed.map((v) => v.node).sort()).toEqual([urn(0), urn(1)]);
  expect(failed.map((v) => v.reason?.code)).toEqual(['START_FAILED', 'START_FAILED']);
  expect(failed[0]?.steps).toEqual(['ticket:ok', 'redeem:ok', 'start:failed', 'release:ok']);
  const running = all.filter((v) => v.reported === 'running');
  expect(running).toHaveLength(6);
  expect(new Set(running.flatMap((v) => v.replaces ?? []))).toEqual(new Set(failed.map((v) => v.id)));
  expect(running.find((v) => !v.replaces)?.steps).toEqual(['ticket:ok', 'redeem:ok', 'start:ok']);
  await gone(sliceId);
});

test('all or nothing: below the minimum nothing is kept, and it says why', { timeout: 60_000 }, async () => {
  const sliceId = await approvedSlice(d.pool, d, {
    shortName: 'nothing',
    count: 0,
    picked: [urn(0), urn(2), urn(3), urn(4)],
    minimum: 4,
    substitute: false,
  });
  const slice = await settled(sliceId);
  expect(slice).toMatchObject({ state: 'failed', reason: { code: 'BELOW_MINIMUM', facts: { minimum: 4 } } });
  await until(async () => (await sliceState(d.pool, sliceId)).live === 0, 20_000, 'everything is released');

  // A person's wish tries again, also the node that failed; meanwhile it was mended.
  d.behave({ [urn(0)]: 'normal' });
  await retrySlice(d.pool, sliceId);
  const again = await settled(sliceId);
  expect(again, JSON.stringify(await slivers(sliceId))).toMatchObject({ state: 'active', reported: { running: 4 } });
  d.behave({ [urn(0)]: 'failing' });
  await gone(sliceId);
});

test('best effort: enough run, the slice is degraded and says what is missing', { timeout: 60_000 }, async () => {
  const sliceId = await approvedSlice(d.pool, d, {
    shortName: 'best',
    count: 0,
    picked: [urn(0), urn(2), urn(3), urn(4)],
    minimum: 2,
    substitute: false,
  });
  expect(await settled(sliceId)).toMatchObject({
    state: 'degraded',
    reason: { code: 'OUT_OF_NODES', facts: { wants: 1 } },
    reported: { running: 3, failed: 1 },
  });
  await gone(sliceId);
});

test('what cannot be met is refused before any node is asked', { timeout: 60_000 }, async () => {
  const sliceId = await approvedSlice(d.pool, d, { shortName: 'many', count: 40, minimum: 40 });
  expect(await settled(sliceId)).toMatchObject({
    state: 'failed',
    reason: { code: 'NOT_ENOUGH_NODES', facts: { wants: 40, matching: 14 } },
    live: 0,
  });
  await gone(sliceId);
});

test('a node that is down fails with why and is replaced; its sliver leaves when it is back', {
  timeout: 90_000,
}, async () => {
  const first = await approvedSlice(d.pool, d, { shortName: 'down', count: 1, picked: [urn(5)], minimum: 2 });
  expect((await settled(first)).state).toBe('active');
  d.behave({ [urn(5)]: 'down' });
  await deleteSlice(d.pool, first);
  await until(
    async () =>
      (await sliceState(d.pool, first)).live === 1 &&
      (await slivers(first)).some((v) => v.reason?.code === 'LEAVES_WHEN_BACK'),
    30_000,
    'one has left, and it says that the other leaves later',
  );
  expect((await sliceState(d.pool, first)).state).toBe('deleting');

  // Meanwhile another slice that picks it gets a stand-in, and a reason.
  const second = await approvedSlice(d.pool, d, { shortName: 'other', count: 1, picked: [urn(5)], minimum: 2 });
  expect((await settled(second)).state).toBe('active');
  const failed = (await slivers(second)).find((v) => v.node === urn(5));
  expect(failed).toMatchObject({ reported: 'failed', reason: { code: 'NODE_UNREACHABLE' } });

  d.behave({ [urn(5)]: 'normal' });
  await until(
    async () => (await sliceState(d.pool, first)).state === 'deleted',
    30_000,
    'it left when its node was back',
  );
  await gone(second);
});
