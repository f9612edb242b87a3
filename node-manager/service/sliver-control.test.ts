import { expect, test } from 'vitest';
import { codeOf, manager, SLICE, start, ticket } from '../testing/local-node';

const never = new AbortController().signal;
const ask = { slice: SLICE, waitMs: 5_000 };

async function running(journal?: string) {
  const local = await start(journal);
  await local.node.keeper.begin();
  if (!journal) await local.service.redeem(manager, { ticket: ticket(), waitMs: 5_000 });
  return local;
}

test('a sliver that its people stopped stays stopped over a restart, until they start it', async () => {
  const { service, crashed } = await running();
  expect(await service.stop(manager, ask, never)).toMatchObject({
    state: 'stopped',
    reason: { code: 'STOPPED_ON_REQUEST' },
  });
  expect((await service.stop(manager, ask, never)).state).toBe('stopped');
  const after = await running(crashed());
  expect((await after.service.sliver(manager, { slice: SLICE, waitMs: 0 }, never)).state).toBe('stopped');
  expect(await codeOf(after.service.exec(manager, { slice: SLICE, argv: ['x'], timeoutMs: 100 }, never))).toBe(
    'WRONG_STATE',
  );
  expect(await after.service.start(manager, ask, never)).toMatchObject({ state: 'running', reason: null });
  const last = await running(after.crashed());
  await last.node.nextChange(SLICE, 1000, never);
  expect((await last.service.sliver(manager, { slice: SLICE, waitWhile: 'starting', waitMs: 5000 }, never)).state).toBe(
    'running',
  );
});

test('a reset brings a running sliver back and leaves a stopped one stopped', async () => {
  const { node, service } = await running();
  let resets = 0;
  const { reset } = node.o.driver;
  node.o.driver.reset = async (id, signal) => {
    resets += 1;
    await reset.call(node.o.driver, id, signal);
  };
  expect((await service.reset(manager, ask, never)).state).toBe('running');
  await service.stop(manager, ask, never);
  expect((await service.reset(manager, ask, never)).state).toBe('stopped');
  expect(resets).toBe(2);
  const { events } = await service.logs(manager, { slice: SLICE });
  const states = [...events.matchAll(/Z (\w+)/g)].map(([, state]) => state);
  expect(states.filter((state) => state !== 'starting')).toEqual(['running', 'reset', 'running', 'stopped', 'reset']);
  expect(events).toMatch(/Z stopped: [A-Z].*\.$/m); // in words
});

test('limits go down within the lease and up to it again, and hold at the next start', async () => {
  const { node, service } = await running();
  const told: number[] = [];
  node.o.driver.update = (spec) => {
    told.push(spec.resources.memoryMiB);
    return Promise.resolve();
  };
  const update = (memoryMiB?: number) =>
    service.update(manager, { slice: SLICE, limits: memoryMiB === undefined ? {} : { memoryMiB } });
  expect(await codeOf(update(129))).toBe('INVALID_INPUT');
  await update(64);
  await update();
  await update(32);
  expect(told).toEqual([64, 128, 32]);
  const [lease] = node.state.leases.values();
  expect(lease && node.keeper.specOf(lease).resources.memoryMiB).toBe(32);
  expect(lease?.resources.memoryMiB).toBe(128);
});
