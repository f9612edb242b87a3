import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import type { FoundState } from '../drivers/driver';
import type { LeaseRecord } from '../lease/node-state';
import { type Attempts, desired, nextChange, plan } from './plan';

const lease = (jti: string, start: number, end: number, graceSeconds = 0): LeaseRecord => ({
  jti,
  slice: `slice-${jti}`,
  sliver: `sliver-${jti}`,
  holder: 'holder',
  sub: 'sub',
  resources: DEFAULT_RESOURCES,
  start,
  end,
  graceSeconds,
  ticket: { iss: 'iss', jti },
  ticketHash: 'hash',
  links: [],
  text: 'text',
});
const situation = (more: Partial<Parameters<typeof plan>[0]>) => ({
  now: 0,
  leases: [],
  found: new Map<string, FoundState>(),
  attempts: new Map<string, Attempts>(),
  busy: new Set<string>(),
  stopping: false,
  ...more,
});

const ids = ['a', 'b', 'c', 'd'];
const leases = fc
  .array(
    fc.record({
      jti: fc.constantFrom(...ids),
      start: fc.nat(20),
      length: fc.integer({ min: 1, max: 20 }),
      grace: fc.nat(10),
    }),
  )
  .map((many) => [...new Map(many.map((l) => [l.jti, lease(l.jti, l.start, l.start + l.length, l.grace)])).values()]);
const found = fc
  .array(fc.tuple(fc.constantFrom(...ids), fc.constantFrom<FoundState>('running', 'stopped', 'exited')))
  .map((pairs) => new Map(pairs));
const now = fc.nat(60_000);

describe('plan', () => {
  test('carried out until it has no step left, exactly what is leased runs', () => {
    fc.assert(
      fc.property(leases, found, now, (leased, before, at) => {
        const live = new Map(leased.map((l) => [l.jti, l]));
        const state = new Map(before);
        for (let pass = 0; ; pass++) {
          expect(pass).toBeLessThan(5);
          const { steps } = plan(situation({ now: at, leases: live.values(), found: state }));
          if (steps.length === 0) break;
          for (const { kind, id } of steps) {
            if (kind === 'start') state.set(id, 'running');
            else if (kind === 'stop') state.set(id, 'stopped');
            else if (kind === 'remove') state.delete(id);
            else live.delete(id);
          }
        }
        for (const [id, is] of state) {
          const one = live.get(id);
          expect(one, 'a sliver without a lease').toBeDefined();
          expect(one && desired(one, at)).toBe(is === 'running' ? 'running' : 'stopped');
        }
        for (const one of live.values()) {
          expect(desired(one, at)).not.toBe('over');
          if (desired(one, at) === 'running') expect(state.get(one.jti)).toBe('running');
        }
      }),
    );
  });

  test('looks again at the very moment at which something changes', () => {
    fc.assert(
      fc.property(leases, now, (leased, at) => {
        const { wakeAt } = plan(situation({ now: at, leases: leased }));
        const changes = leased.flatMap((l) => nextChange(l, at) ?? []);
        expect(wakeAt).toBe(changes.length > 0 ? Math.min(...changes) : null);
        for (const l of leased) {
          const next = nextChange(l, at);
          if (next !== null) expect(desired(l, next - 1)).toBe(desired(l, at));
          if (next !== null) expect(desired(l, next)).not.toBe(desired(l, next - 1));
        }
      }),
    );
  });

  test('leaves alone what is busy, waits out a backoff, starts nothing while ending, gives up in the end', () => {
    const one = lease('a', 0, 100);
    const start = { kind: 'start', id: 'a' };
    expect(plan(situation({ leases: [one] })).steps).toEqual([start]);
    expect(plan(situation({ leases: [one], busy: new Set(['a']) })).steps).toEqual([]);
    expect(plan(situation({ leases: [one], stopping: true })).steps).toEqual([]);
    const waiting = plan(
      situation({ leases: [one], attempts: new Map([['a', { count: 1, notBefore: 500, givenUp: false }]]) }),
    );
    expect(waiting).toEqual({ steps: [], wakeAt: 500 });
    const over = situation({ leases: [one], attempts: new Map([['a', { count: 3, notBefore: 0, givenUp: true }]]) });
    expect(plan(over).steps).toEqual([]);
    expect(plan({ ...over, now: 100_000 }).steps).toEqual([{ kind: 'lapse', id: 'a' }]);
    expect(plan(situation({ leases: [lease('a', 50, 100)], found: new Map([['a', 'running']]) })).steps).toEqual([
      { kind: 'remove', id: 'a' },
    ]);
  });
});
