import { describe, expect, test } from 'vitest';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import type { TicketClaims } from '@/protocol/statement/schemas';
import { decodeUnverified } from '@/protocol/statement/verify';
import { newStatementId } from './lease/redeem';
import { until as waitFor } from './testing/agent-stub';
import { AGENT_JKT, CAPACITY, codeOf, manager, SLICE, start, ticket } from './testing/local-node';

const never = new AbortController().signal;
type Started = Awaited<ReturnType<typeof start>>;

/** A node whose clock the test sets, with a lease of an hour and a minute of grace. */
async function leased(more: Partial<TicketClaims> = {}) {
  const t0 = Math.floor(Date.now() / 1000);
  const time = { now: t0 * 1000 };
  const clock = () => time.now;
  const started = await start('journal', clock);
  const first = { jti: newStatementId(), start: t0, end: t0 + 3600, graceSeconds: 60, ...more };
  const text = ticket(first, time.now);
  const redeemed = await started.service.redeem(manager, { ticket: text });
  const { chain } = decodeUnverified('ticket+jwt', text).claims; // the one in which the lease begins
  /** A ticket that continues the first, until so many seconds after its start. */
  const renewal = (seconds: number, over: Partial<TicketClaims> = {}) =>
    ticket({ ...first, jti: newStatementId(), replaces: first.jti, chain, end: t0 + seconds, ...over }, time.now);
  const status = (node: Started = started) => node.service.sliver(manager, { slice: SLICE, waitMs: 0 }, never);
  return { ...started, t0, time, clock, first, redeemed, renewal, status };
}
const until = (condition: () => Promise<boolean>) => waitFor('the state', condition);
const both = (a: () => Promise<unknown>, b: () => Promise<unknown>) => Promise.all([a(), b()]);
const endOf = (lease: string) => decodeUnverified('lease+jwt', lease).claims.end;

describe('a renewal', () => {
  test('moves the end of the same lease; the same ticket again is the same answer; the old ticket stays spent', async () => {
    const { service, node, redeemed, renewal, first, t0, status } = await leased();
    const text = renewal(7200);
    const renewed = await service.renew(manager, { ticket: text });
    expect(renewed).toMatchObject({ again: false, sliver: { lease: { jti: redeemed.sliver.lease.jti } } });
    expect(decodeUnverified('lease+jwt', renewed.lease).claims).toMatchObject({
      jti: redeemed.sliver.lease.jti,
      sliver: redeemed.sliver.sliver,
      start: t0,
      end: t0 + 7200,
    });
    expect(await service.renew(manager, { ticket: text })).toMatchObject({ lease: renewed.lease, again: true });
    expect(await service.redeem(manager, { ticket: text })).toMatchObject({ lease: renewed.lease, again: true });
    expect(await codeOf(service.redeem(manager, { ticket: ticket(first) }))).toBe('TICKET_SPENT');
    expect((await status()).lease.end).toBe(new Date((t0 + 7200) * 1000).toISOString());
    expect(node.state.leases.size).toBe(1);
    // The whole of it is one claim: the rest of the node is free, before and after the old end.
    expect(node.books.freeAt((t0 + 5000) * 1000).memoryMiB).toBe(CAPACITY.memoryMiB - DEFAULT_RESOURCES.memoryMiB);
  });

  test('on a full node needs room only for what it adds', async () => {
    const all = { ...DEFAULT_RESOURCES, ...CAPACITY };
    const { service, renewal, t0, first } = await leased({ resources: all });
    const second = { jti: newStatementId() };
    expect(await codeOf(service.renew(manager, { ticket: renewal(7200, second) }))).toBe('done');
    const after = { slice: `${SLICE}two`, resources: all, start: t0 + 7260, end: t0 + 9000, graceSeconds: 0 };
    expect(await codeOf(service.redeem(manager, { ticket: ticket({ ...after, start: t0 + 7259 }) }))).toBe('NODE_FULL');
    expect(await codeOf(service.redeem(manager, { ticket: ticket(after) }))).toBe('done');
    const third = (seconds: number) =>
      ticket({ ...first, jti: newStatementId(), replaces: second.jti, end: t0 + seconds });
    expect(await codeOf(service.renew(manager, { ticket: third(7201) }))).toBe('NODE_FULL');
  });

  test('is for the ticket that holds the lease now, of the same slice, holder and amounts', async () => {
    const { service, renewal } = await leased();
    const other = { slice: `${SLICE}two`, jti: newStatementId() };
    await service.redeem(manager, { ticket: ticket(other) });
    const renew = (over: Partial<TicketClaims>) => codeOf(service.renew(manager, { ticket: renewal(7200, over) }));
    expect(await renew({ replaces: other.jti })).toBe('RENEWAL_MISMATCH'); // another slice's lease
    expect(await renew({ replaces: newStatementId() })).toBe('NO_LEASE');
    expect(await renew({ resources: { ...DEFAULT_RESOURCES, memoryMiB: 64 } })).toBe('RENEWAL_MISMATCH');
    expect(await renew({ cnf: { jkt: AGENT_JKT } })).toBe('WRONG_HOLDER');
    expect(await codeOf(service.renew({ ...manager, jkt: AGENT_JKT }, { ticket: renewal(7200) }))).toBe('NOT_ALLOWED');
    expect(await codeOf(service.renew(manager, { ticket: ticket({ slice: SLICE }) }))).toBe('RENEWAL_MISMATCH'); // replaces none
    expect(await renew({ end: Math.floor(Date.now() / 1000) + 60 })).toBe('WRONG_STATE'); // no later
    expect(await renew({ end: Math.floor(Date.now() / 1000) + 29 * 86_400 })).toBe('TERM_TOO_LONG');
    expect(await renew({})).toBe('done');
    expect(await renew({ end: Math.floor(Date.now() / 1000) + 9000 })).toBe('RENEWAL_MISMATCH'); // another did it before
  });

  test('in the grace brings a stopped sliver back; after it there is nothing to renew', async () => {
    const { service, node, time, renewal, status } = await leased();
    await node.keeper.begin();
    await until(async () => (await status()).state === 'running');
    time.now += 3_600_000;
    node.keeper.wake();
    await until(async () => (await status()).state === 'stopped');
    const second = { jti: newStatementId() };
    expect(await codeOf(service.renew(manager, { ticket: renewal(7200, second) }))).toBe('done');
    await until(async () => (await status()).state === 'running');
    time.now += 3_660_000;
    expect(await codeOf(service.renew(manager, { ticket: renewal(9000, { replaces: second.jti }) }))).toBe(
      'LEASE_OVER',
    );
    node.keeper.wake();
    await until(async () => (await status()).state === 'gone');
    expect(await codeOf(service.renew(manager, { ticket: renewal(9000, { replaces: second.jti }) }))).toBe('NO_LEASE');
  });

  test('survives a crash as acknowledged, and is spent after it', async () => {
    const before = await leased();
    const text = before.renewal(7200);
    const { lease } = await before.service.renew(manager, { ticket: text });
    const after = await start(before.crashed(), before.clock);
    expect(await after.service.renew(manager, { ticket: text })).toMatchObject({ lease, again: true });
    expect(await codeOf(after.service.renew(manager, { ticket: before.renewal(9000) }))).toBe('RENEWAL_MISMATCH');
    expect(await codeOf(after.service.redeem(manager, { ticket: ticket(before.first) }))).toBe('TICKET_SPENT');
    expect((await before.status(after)).lease.end).toBe(new Date(endOf(lease) * 1000).toISOString());
  });

  test('and a release: whichever is first, nothing is left and nothing comes back', async () => {
    const { service, node } = await leased();
    await node.keeper.begin();
    await service.release(manager, { slice: SLICE, burn: [] });
    for (let round = 0; round < 10; round++) {
      const start = Math.floor(Date.now() / 1000);
      const first = { slice: `${SLICE}${round}`, jti: newStatementId(), start };
      await service.redeem(manager, { ticket: ticket(first) });
      const text = ticket({ ...first, jti: newStatementId(), replaces: first.jti, end: start + 7200 });
      const renew = () => codeOf(service.renew(manager, { ticket: text }));
      const release = () => codeOf(service.release(manager, { slice: first.slice, burn: [] }));
      const [renewed, released] = round % 2 ? await both(renew, release) : (await both(release, renew)).reverse();
      expect(released).toBe('done');
      expect(['done', 'NO_LEASE']).toContain(renewed);
      expect(node.state.leases.size).toBe(0);
      expect(node.books.freeAt(Date.now())).toEqual(CAPACITY);
      expect(['NO_LEASE', 'TICKET_SPENT']).toContain(await renew());
      expect(node.state.leases.size).toBe(0);
    }
  });

  test('of two at once one counts', async () => {
    const { service, renewal } = await leased();
    const codes = await Promise.all(
      [7200, 9000].map((seconds) => codeOf(service.renew(manager, { ticket: renewal(seconds) }))),
    );
    expect(codes.sort()).toEqual(['RENEWAL_MISMATCH', 'done']);
  });
});
