import { describe, expect, test } from 'vitest';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import { applyEvent, emptyNode, type NodeEvent, type NodeState, snapshotOf } from '../lease/node-state';
import { Ledger } from '../ledger';
import { programLog } from '../log';
import { DEATHS, type Death, MemoryDisk } from '../testing/memory-disk';

/**
 * The machine goes down at each single step that the journal ever takes (make, write, sync, rename, remove a file), in each of four ways, while a fixed
 * history is entered. Whatever the moment, the next start remembers that history up to a point at or after the last word that was given.
 */
const NODE = 'urn:publicid:IDN+meridian:lab+node+n';
const RESERVE = 2_048;
const log = programLog('test', 'silent');

function lease(i: number, more: { ticket?: string; end?: number } = {}) {
  const { ticket = `ticket-${i}`, end = 1000 } = more;
  return {
    jti: `lease-${i}`,
    slice: `slice-${i % 7}`,
    sliver: `sliver-${i}`,
    holder: 'h'.repeat(43),
    sub: 'ada',
    resources: DEFAULT_RESOURCES,
    start: 0,
    end,
    graceSeconds: 0,
    ticket: { iss: 'agent', jti: ticket },
    ticketHash: `hash of ${ticket}`,
    links: [],
    text: 'signed'.repeat(20),
  };
}

/** Redeem, set keys, renew, release, lapse and burn: some three hundred events. */
function history(count: number): NodeEvent[] {
  const events: NodeEvent[] = [{ t: 'born', at: 1, incarnation: 'first' }];
  for (let i = 0; i < count; i++) {
    events.push({ t: 'leased', at: i, lease: lease(i) });
    if (i % 3 === 0) events.push({ t: 'keys', at: i, slice: `slice-${i % 7}`, keys: [`key of ${i}`] });
    if (i % 4 === 0) events.push({ t: 'renewed', at: i, lease: lease(i, { ticket: `renewal-${i}`, end: 2000 }) });
    if (i % 2 === 0) events.push({ t: 'ended', at: i, lease: `lease-${i}`, receipt: `receipt of ${i}` });
    if (i % 5 === 0) events.push({ t: 'burnt', at: i, iss: 'agent', jti: `burnt-${i}`, receipt: 'burnt' });
  }
  return events;
}

const open = (disk: MemoryDisk, fail: (error: unknown) => void = () => {}) =>
  Ledger.open('/journal', log, fail, () => 1, { disk, compactBytes: 4_000, reserveBytes: RESERVE });
const plain = (state: NodeState) => JSON.stringify(snapshotOf(state));

/** Enters the events some at a time, as calls that arrive together, until the disk dies. Gives how many were acknowledged, in order. */
async function enter(disk: MemoryDisk, events: readonly NodeEvent[], together: number): Promise<number> {
  let acknowledged = 0;
  const dead = new Promise<void>((resolve) => {
    disk.died = resolve;
  });
  const done = (async () => {
    const ledger = await open(disk);
    for (let at = 0; at < events.length; at += together)
      await Promise.all(
        events.slice(at, at + together).map(async (event, i) => {
          await ledger.record(NODE, event);
          acknowledged = Math.max(acknowledged, at + i + 1);
        }),
      );
    await ledger.close();
  })().catch(() => {}); // dead
  await Promise.race([done, dead]);
  return acknowledged;
}

/** The states that the history goes through, by their text. */
function statesOf(events: readonly NodeEvent[]): Map<string, number> {
  const state = emptyNode();
  const states = new Map([[plain(state), 0]]);
  for (const [i, event] of events.entries()) {
    applyEvent(state, event);
    states.set(plain(state), i + 1); // of equal ones the later
  }
  return states;
}

const EVENTS = history(Number(process.env.MERIDIAN_TEST_CRASH_EVENTS ?? 30));
const STATES = statesOf(EVENTS);

async function remembered(disk: MemoryDisk): Promise<number> {
  const ledger = await open(disk);
  expect(ledger.mishap).toBeNull();
  const reached = STATES.get(plain(ledger.of(NODE)));
  await ledger.close();
  if (reached === undefined) throw new Error('a state that never was');
  return reached;
}

describe.each(DEATHS)('%s', { timeout: 120_000 }, (death: Death) => {
  test.each([1, 5])('at every step, %i calls at once', async (together) => {
    const whole = new MemoryDisk();
    expect(await enter(whole, EVENTS, together)).toBe(EVENTS.length);
    expect(await remembered(whole.after('killed'))).toBe(EVENTS.length);
    for (let step = 1; step <= whole.steps; step++) {
      const disk = new MemoryDisk();
      disk.dieAt = step;
      const acknowledged = await enter(disk, EVENTS, together);
      expect(await remembered(disk.after(death)), `dead at step ${step} of ${whole.steps}`).toBeGreaterThanOrEqual(
        acknowledged,
      );
    }
  });

  test('again at every step of the start after it', async () => {
    for (const first of [30, 60, 90, 120, 150]) {
      const disk = new MemoryDisk();
      disk.dieAt = first;
      const acknowledged = await enter(disk, EVENTS, 3);
      for (let step = 1; step <= 12; step++) {
        const next = disk.after(death);
        next.dieAt = step;
        const dead = new Promise<void>((resolve) => {
          next.died = resolve;
        });
        const opened = open(next)
          .then((ledger) => ledger.close())
          .catch(() => {});
        await Promise.race([opened, dead]);
        expect(await remembered(next.after(death)), `${first}, then ${step}`).toBeGreaterThanOrEqual(acknowledged);
      }
    }
  });
});
