import { describe, expect, test } from 'vitest';
import { ClockWatch } from './clock-watch';
import { codeOf, manager, SLICE, start, ticket } from './testing/local-node';

const DAY = 86_400;
/** A clock that runs with the real one, from where it is set. */
function settable() {
  let offset = 0;
  return { now: () => Date.now() + offset, move: (seconds: number) => (offset += seconds * 1000) };
}
const OVER = /^(EXPIRED|TICKET_SPENT)$/;
const second = (ms: number) => Math.floor(ms / 1000);

describe('a lease', () => {
  test('that starts in the future is scheduled, starts on time, and ends on time', async () => {
    const { node, service } = await start();
    await node.keeper.begin();
    const at = second(Date.now()) + 2;
    const text = ticket({ start: at, end: at + 2 });
    expect((await service.redeem(manager, { ticket: text })).sliver.state).toBe('scheduled');
    const state = () => service.sliver(manager, { slice: SLICE, waitMs: 0 }, new AbortController().signal);
    await expect.poll(async () => (await state()).state, { timeout: 5_000, interval: 5 }).toBe('running');
    expect(Math.abs(Date.now() - at * 1000)).toBeLessThan(500);
    await expect.poll(async () => (await state()).state, { timeout: 5_000, interval: 5 }).toBe('gone');
    expect(Math.abs(Date.now() - (at + 2) * 1000)).toBeLessThan(500);
  });

  test('starts and ends within a second after the clock was set or the machine slept', async () => {
    const clock = settable();
    const { node, service } = await start('journal', clock.now);
    await node.keeper.begin();
    node.o.ledger.watch.onJump(() => node.keeper.wake());
    const at = second(clock.now()) + 3600;
    await service.redeem(manager, { ticket: ticket({ start: at, end: at + 3600, graceSeconds: 60 }, clock.now()) });
    const state = async () =>
      (await service.sliver(manager, { slice: SLICE, waitMs: 0 }, new AbortController().signal)).state;
    for (const expected of ['running', 'stopped', 'gone']) {
      clock.move(expected === 'gone' ? 61 : 3601);
      const moved = Date.now();
      await expect.poll(state, { timeout: 3_000, interval: 5 }).toBe(expected);
      expect(Date.now() - moved).toBeLessThan(1_000);
    }
  });

  test('is reopened by no clock that steps back: while it runs, and over a restart after a crash', async () => {
    const clock = settable();
    const first = await start('journal', clock.now);
    await first.node.keeper.begin();
    const began = clock.now();
    const now = second(began);
    const unredeemed = ticket({ slice: `${SLICE}2`, end: now + 100, exp: now + 100 }, began);
    const ended = ticket({ end: now + 100 }, began);
    const released = ticket({ slice: `${SLICE}3`, end: now + DAY }, began);
    await first.service.redeem(manager, { ticket: ended });
    await first.service.redeem(manager, { ticket: released });
    await first.service.release(manager, { slice: `${SLICE}3`, burn: [] });
    clock.move(1000);
    first.node.keeper.wake();
    expect(await codeOf(first.service.redeem(manager, { ticket: unredeemed }))).toBe('EXPIRED');
    await expect.poll(() => first.node.state.leases.size).toBe(0);
    const renewal = ticket({ replaces: 'x'.repeat(22), end: now + DAY }, began);
    let { node, service, crashed } = first;
    for (let round = 0; round < 3; round++) {
      clock.move(-3000 * round); // steps back, while it runs and while it is off
      const left = crashed();
      if (round > 0) ({ node, service, crashed } = await start(left, clock.now));
      if (round > 0) await node.keeper.begin();
      clock.move(-1000);
      expect(await codeOf(service.redeem(manager, { ticket: unredeemed }))).toBe('EXPIRED');
      expect(await codeOf(service.redeem(manager, { ticket: ended }))).toMatch(OVER);
      expect(await codeOf(service.redeem(manager, { ticket: released }))).toMatch(OVER);
      expect(await codeOf(service.renew(manager, { ticket: renewal }))).toMatch(OVER);
      expect(node.state.leases.size).toBe(0);
    }
  });

  test('lives and ends through days without agent or control plane, and nothing piles up', async () => {
    const clock = settable();
    let { node, service, crashed } = await start('journal', clock.now);
    await node.begin(); // its agent's address is dead
    node.o.ledger.watch.onJump(() => node.keeper.wake());
    const size = () => node.o.ledger.bytes;
    const before = size();
    for (let day = 0; day < 14; day++) {
      const slice = `${SLICE}-${day}`;
      const text = ticket({ slice, end: second(clock.now()) + 3 * DAY, exp: second(clock.now()) + 600 }, clock.now());
      await service.redeem(manager, { ticket: text });
      clock.move(DAY);
      node.o.ledger.watch.look();
      await expect.poll(() => node.state.leases.size, { interval: 5 }).toBe(Math.min(2, day + 1));
      if (day % 5 === 4) {
        ({ node, service, crashed } = await start(crashed(), clock.now));
        await node.begin();
      }
    }
    clock.move(4 * DAY);
    node.o.ledger.watch.look();
    await expect.poll(() => node.state.leases.size, { interval: 5 }).toBe(0);
    expect(node.state.spent.size).toBe(14);
    expect(node.link.waiting).toBeLessThanOrEqual(14); // what is to be told: no more than there is
    expect(size() - before).toBeLessThan(14 * 20_000);
  });
});

test('a clock that is slewed, or a late timer, is no jump; a step of either kind is', () => {
  let [wall, steady, jumps] = [1_000_000, 0, 0];
  const watch = new ClockWatch(
    () => wall,
    () => steady,
  );
  watch.onJump(() => {
    jumps += 1;
  });
  const pass = (ms: number, more = 0) => {
    steady += ms;
    wall += ms + more;
    watch.look();
  };
  for (let i = 0; i < 100; i++) pass(500, 0.25); // 500 ppm, as fast as a kernel slews
  pass(30_000);
  expect(jumps).toBe(0);
  pass(500, 3_600_000);
  pass(500, -7_200_000);
  pass(500);
  expect(jumps).toBe(2);
  watch.close();
});
