import { describe, expect, test } from 'vitest';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import { newStatementId } from '../lease/redeem';
import { codeOf, manager, SLICE, start, ticket } from '../testing/local-node';

describe('after a crash', () => {
  test('the same ticket gives the same lease, also before the node has looked at its slivers', async () => {
    const before = await start();
    const text = ticket();
    const first = await before.service.redeem(manager, { ticket: text });
    const after = await start(before.crashed());
    expect(await after.service.redeem(manager, { ticket: text })).toMatchObject({ lease: first.lease, again: true });
    const never = new AbortController().signal;
    const status = await after.service.sliver(manager, { slice: SLICE, waitMs: 0 }, never);
    expect(status.lease.jti).toBe(first.sliver.lease.jti);
  });

  test('nothing counts as gone before the node has looked at its slivers', async () => {
    const before = await start();
    const { sliver } = await before.service.redeem(manager, { ticket: ticket() });
    const { node, service } = await start(before.crashed());
    await node.o.driver.start(
      { id: sliver.lease.jti, slice: SLICE, hostname: 'h', resources: DEFAULT_RESOURCES },
      new AbortController().signal,
    );
    const released = service.release(manager, { slice: SLICE, burn: [] });
    const gone = node.keeper.untilGone(sliver.lease.jti, 5000).then(() => 'gone');
    expect(await Promise.race([gone, new Promise((done) => setImmediate(() => done('waits')))])).toBe('waits');
    await node.keeper.begin();
    expect((await released).outcome).toBe('released');
    expect((await node.o.driver.list(new AbortController().signal)).size).toBe(0);
  });

  test('what was refused as over stays over, also when the clock steps back', async () => {
    let now = Date.now();
    const clock = () => now;
    const before = await start('journal', clock);
    const text = ticket({}, now);
    now += 905_000; // the window is over, and the skew with it
    expect(await codeOf(before.service.redeem(manager, { ticket: text }))).toBe('EXPIRED');
    now -= 30_000;
    expect(await codeOf(before.service.redeem(manager, { ticket: text }))).toBe('EXPIRED');
    const after = await start(before.crashed(), clock);
    expect(await codeOf(after.service.redeem(manager, { ticket: text }))).toBe('EXPIRED');
  });
});

describe('what is not understood is refused', () => {
  test('a ticket that renews another is no new lease', async () => {
    const { service } = await start();
    expect(await codeOf(service.redeem(manager, { ticket: ticket({ replaces: newStatementId() }) }))).toBe(
      'WRONG_STATE',
    );
    expect(await codeOf(service.redeem(manager, { ticket: ticket() }))).toBe('done');
  });
});

test('keys are acknowledged only when they are on the disk, whoever set them', async () => {
  const { service, ledger } = await start();
  await service.redeem(manager, { ticket: ticket() });
  const set = () => service.setKeys(manager, { slice: SLICE, keys: ['ssh-ed25519 AAAA ada'] });
  const first = set();
  let durable = false;
  void ledger.settled().then(() => {
    durable = true;
  });
  expect((await set()).changed).toBe(false);
  expect(durable).toBe(true);
  await first;
});

test('only so many commands run at once', async () => {
  const { node, service } = await start();
  await node.keeper.begin();
  const never = new AbortController().signal;
  await service.redeem(manager, { ticket: ticket() });
  await service.sliver(manager, { slice: SLICE, waitWhile: 'starting', waitMs: 5000 }, never);
  const ends: (() => void)[] = [];
  const result = { exitCode: 0, signal: null, stdout: '', stderr: '', truncated: false, timedOut: false };
  node.o.driver.exec = () => new Promise((resolve) => ends.push(() => resolve(result)));
  const exec = () => codeOf(service.exec(manager, { slice: SLICE, argv: ['x'], timeoutMs: 1000 }, never));
  const running = Array.from({ length: 32 }, exec);
  expect(await exec()).toBe('RATE_LIMITED');
  for (const end of ends) end();
  expect(new Set(await Promise.all(running))).toEqual(new Set(['done']));
  const after = exec();
  ends.at(-1)?.();
  expect(await after).toBe('done');
});
