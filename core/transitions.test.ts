import { describe, expect, test } from 'vitest';
import { refusalOf } from '@/test/refused';
import {
  ADMIN_EVENTS,
  ADMIN_SWITCHES,
  ADMIN_TRANSITIONS,
  BOOT_EVENTS,
  BOOT_STATES,
  BOOT_TRANSITIONS,
  stepAdmin,
} from './node/state';
import {
  SLICE_EVENTS,
  SLICE_STATES,
  SLICE_TRANSITIONS,
  type SliceEvent,
  type SliceState,
  stepSlice,
} from './slice/state';
import { gapOf, SLIVER_DESIRED, SLIVER_REPORTED, SLIVER_TRANSITIONS, type SliverReported } from './sliver/state';
import { nextState, step, type Transitions } from './transitions';

type Table = { name: string; table: Transitions<string, string>; states: readonly string[]; events: readonly string[] };
const TABLES: Table[] = [
  { name: 'slice', table: SLICE_TRANSITIONS, states: SLICE_STATES, events: SLICE_EVENTS },
  { name: 'sliver', table: SLIVER_TRANSITIONS, states: SLIVER_REPORTED, events: SLIVER_REPORTED },
  { name: 'boot', table: BOOT_TRANSITIONS, states: BOOT_STATES, events: BOOT_EVENTS },
  { name: 'admin switch', table: ADMIN_TRANSITIONS, states: ADMIN_SWITCHES, events: ADMIN_EVENTS },
];

describe.each(TABLES)('the $name table', ({ name, table, states, events }) => {
  test('is total: each event in each state leads to a state or is refused with WRONG_STATE', () => {
    expect(Object.keys(table).sort()).toEqual([...states].sort());
    for (const state of states) {
      for (const event of events) {
        const next = nextState(table, state, event);
        if (next === null) expect(refusalOf(() => step(name, table, state, event))).toBe('WRONG_STATE');
        else expect(states).toContain(step(name, table, state, event));
      }
    }
  });

  test('names no event that is not in the list, and inherits none', () => {
    for (const state of states) for (const event of Object.keys(table[state] ?? {})) expect(events).toContain(event);
    for (const state of states) expect(nextState(table, state, 'toString')).toBeNull();
  });

  test('reaches every state from the first', () => {
    const reached = new Set([states[0] ?? '']);
    for (const state of reached) for (const event of events) reached.add(nextState(table, state, event) ?? state);
    expect([...reached].sort()).toEqual([...states].sort());
  });
});

test('a slice goes as DESIGN.md draws it', () => {
  const walk = (...events: SliceEvent[]) =>
    events.reduce((state, event) => stepSlice(state, event), 'requested' as SliceState);
  expect(walk('approve', 'deploy', 'allRun')).toBe('active');
  expect(walk('approve', 'deploy', 'enoughRun')).toBe('degraded');
  expect(walk('approve', 'deploy', 'tooFewRun')).toBe('failed');
  expect(walk('approve', 'deploy', 'allRun', 'leaseOver', 'delete', 'allGone')).toBe('deleted');
  expect(walk('approve', 'deploy', 'allRun', 'leaseOver', 'renewed', 'allRun')).toBe('active');
  expect(walk('reject')).toBe('rejected');
  expect(walk('withdraw')).toBe('withdrawn');
});

test('deleting is idempotent, and a decided request is decided', () => {
  expect(stepSlice('deleting', 'delete')).toBe('deleting');
  expect(stepSlice('deleted', 'delete')).toBe('deleted');
  for (const decided of ['approved', 'rejected', 'withdrawn'] as const) {
    for (const event of ['approve', 'reject', 'withdraw'] as const)
      expect(refusalOf(() => stepSlice(decided, event))).toBe('WRONG_STATE');
  }
});

test('a refusal names the state it is in and those it would need', () => {
  expect(() => stepSlice('active', 'approve', 'lab_tides')).toThrow(
    expect.objectContaining({ facts: { kind: 'slice', id: 'lab_tides', state: 'active', needs: 'requested' } }),
  );
});

test('nothing follows a sliver that is gone; the deployment’s own words never follow a node’s', () => {
  for (const report of SLIVER_REPORTED)
    expect(nextState(SLIVER_TRANSITIONS, 'gone', report)).toBe(report === 'gone' ? 'gone' : null);
  const said: SliverReported[] = ['scheduled', 'starting', 'running', 'stopped', 'unknown'];
  for (const was of said)
    for (const own of ['pending', 'ticketed'] as const) expect(nextState(SLIVER_TRANSITIONS, was, own)).toBeNull();
});

test('following the gap brings every sliver where it is wanted', () => {
  const outcome = { start: 'running', stop: 'stopped', release: 'gone', wait: 'running', none: null } as const;
  for (const desired of SLIVER_DESIRED) {
    for (const first of SLIVER_REPORTED) {
      let reported: SliverReported = first;
      for (let i = 0; i < 5; i++) reported = outcome[gapOf(desired, reported)] ?? reported;
      // What never ran need not be stopped, and what is gone stays gone.
      const idle = ['gone', 'pending', 'ticketed', 'failed'] as const;
      const settled =
        reported === desired || reported === 'gone' || (desired === 'stopped' && idle.some((s) => s === reported));
      expect({ desired, first, reported, settled }).toMatchObject({ settled: true });
      expect(gapOf(desired, reported)).toBe('none');
    }
  }
});

test('the admin switch goes anywhere from anywhere', () => {
  for (const from of ADMIN_SWITCHES)
    expect(ADMIN_EVENTS.map((event) => stepAdmin(from, event))).toEqual(['open', 'draining', 'closed']);
});
