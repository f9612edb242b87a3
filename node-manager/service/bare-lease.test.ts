import { expect, test } from 'vitest';
import type { Peer } from '@/protocol/trpc';
import { codeOf, manager, SLICE, start, ticket } from '../testing/local-node';

const never = new AbortController().signal;
const ask = { slice: SLICE, waitMs: 5_000 };
const status = (service: Awaited<ReturnType<typeof start>>['service'], who: Peer = manager) =>
  service.sliver(who, { slice: SLICE, waitMs: 0 }, never);
const LEASED_ONLY = { state: 'scheduled', reason: { code: 'LEASED_ONLY' } };

async function begun(journal?: string) {
  const local = await start(journal);
  await local.node.keeper.begin();
  return local;
}

test('a lease is taken without a sliver, holds what it may use, and gets its sliver when somebody asks', async () => {
  const { node, service } = await begun();
  const free = node.books.freeAt(Date.now()).memoryMiB;
  const text = ticket();
  const { lease, sliver } = await service.redeem(manager, { ticket: text, sliver: false, waitMs: 1000 });
  expect(sliver).toMatchObject(LEASED_ONLY);
  expect(node.books.freeAt(Date.now()).memoryMiB).toBe(free - 128);
  expect((await node.o.driver.list(never)).size).toBe(0);
  // The same ticket again changes nothing, whatever it asks for.
  expect(await service.redeem(manager, { ticket: text })).toMatchObject({ lease, again: true, sliver: LEASED_ONLY });
  for (const call of ['start', 'stop', 'reset'] as const)
    expect(await codeOf(service[call](manager, ask, never))).toBe('WRONG_STATE');
  expect(await codeOf(service.exec(manager, { slice: SLICE, argv: ['x'], timeoutMs: 100 }, never))).toBe('WRONG_STATE');

  expect(await service.createSliver(manager, ask, never)).toMatchObject({ state: 'running', reason: null });
  expect(await service.createSliver(manager, ask, never)).toMatchObject({ state: 'running' });
  expect((await node.o.driver.list(never)).size).toBe(1);
});

test('a crash at any step leaves the lease, and its sliver exactly when that was acknowledged', async () => {
  const before = await begun();
  await before.service.redeem(manager, { ticket: ticket(), sliver: false });
  const leased = await begun(before.crashed());
  expect(await status(leased.service)).toMatchObject(LEASED_ONLY);
  expect((await leased.node.o.driver.list(never)).size).toBe(0);
  await leased.service.createSliver(manager, { ...ask, waitMs: 0 }, never);
  const made = await begun(leased.crashed());
  await made.service.sliver(manager, { slice: SLICE, waitWhile: 'starting', waitMs: 5000 }, never);
  expect(await status(made.service)).toMatchObject({ state: 'running' });
  expect(await made.service.createSliver(manager, ask, never)).toMatchObject({ state: 'running' });
});

test('what a crash left of a sliver whose wish was not durable is removed', async () => {
  const before = await begun();
  const { sliver } = await before.service.redeem(manager, { ticket: ticket(), sliver: false });
  const after = await start(before.crashed());
  await after.node.o.driver.start(
    { id: sliver.lease.jti, slice: SLICE, hostname: 'h', resources: sliver.resources },
    never,
  );
  await after.node.keeper.begin();
  await expect.poll(async () => (await after.node.o.driver.list(never)).size).toBe(0);
  expect(await status(after.service)).toMatchObject(LEASED_ONLY);
});

test('nothing is made before the wish for it is durable', async () => {
  const { node, ledger, service } = await begun();
  await service.redeem(manager, { ticket: ticket(), sliver: false });
  const record = ledger.record.bind(ledger);
  let write = () => {};
  ledger.record = async (...args) => {
    await Promise.all([record(...args), new Promise<void>((done) => (write = done))]);
  };
  const making = service.createSliver(manager, ask, never);
  for (let i = 0; i < 20; i++) {
    node.keeper.wake();
    await new Promise((done) => setImmediate(done));
  }
  expect((await node.o.driver.list(never)).size).toBe(0);
  write();
  expect((await making).state).toBe('running');
});

test('a bare lease is released, ends with its term, and takes no sliver after it', async () => {
  const { node, service } = await begun();
  await service.redeem(manager, { ticket: ticket(), sliver: false });
  expect((await service.release(manager, { slice: SLICE, burn: [] })).outcome).toBe('released');
  expect(node.state.wishes.size).toBe(0);

  let now = Date.now();
  const later = await start('later', () => now);
  await later.node.keeper.begin();
  await later.service.redeem(manager, { ticket: ticket({ graceSeconds: 600 }, now), sliver: false });
  now += 3_700_000; // in its grace
  later.node.keeper.wake();
  expect(await codeOf(later.service.createSliver(manager, ask, never))).toBe('LEASE_OVER');
  expect(await status(later.service)).toMatchObject(LEASED_ONLY);
  now += 600_000;
  later.node.keeper.wake();
  await expect.poll(() => later.node.state.leases.size).toBe(0);
});
