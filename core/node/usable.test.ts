import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  HEARTBEAT_JITTER_MS,
  HEARTBEAT_MS,
  heartbeatDelayMs,
  LATE_AFTER_MS,
  REACHABILITY,
  reachabilityAt,
  reachabilityChangesAt,
  UNREACHABLE_AFTER_MS,
} from './reachability';
import { ADMIN_SWITCHES, BOOT_STATES, type NodeStanding, usable } from './state';

const good: NodeStanding = {
  node: 'urn:publicid:IDN+m:lab+node+n1',
  bootState: 'boot',
  enrolled: true,
  adminSwitch: 'open',
  reachability: 'online',
  lastSeen: 0,
};

test('a node is usable exactly when it is in service, enrolled, open and not away', () => {
  for (const bootState of BOOT_STATES) {
    for (const adminSwitch of ADMIN_SWITCHES) {
      for (const reachability of REACHABILITY) {
        for (const enrolled of [true, false]) {
          const verdict = usable({ ...good, bootState, adminSwitch, reachability, enrolled });
          const ok = bootState === 'boot' && enrolled && adminSwitch === 'open' && reachability !== 'unreachable';
          expect(verdict.ok).toBe(ok);
          if (!verdict.ok) expect(verdict.reason.facts.node).toBe(good.node);
        }
      }
    }
  }
});

test('the lasting reason comes first', () => {
  const code = (over: Partial<NodeStanding>) => {
    const verdict = usable({ ...good, ...over });
    return verdict.ok ? 'ok' : verdict.reason.code;
  };
  const away = { reachability: 'unreachable', lastSeen: null } as const;
  expect(code(away)).toBe('NODE_UNREACHABLE');
  expect(code({ ...away, adminSwitch: 'draining' })).toBe('NODE_CLOSED');
  expect(code({ ...away, adminSwitch: 'closed', enrolled: false })).toBe('NODE_NOT_ENROLLED');
  expect(code({ ...away, enrolled: false, bootState: 'debug' })).toBe('NODE_NOT_BOOT');
});

test('a node that beats on time is never late; one that missed three is unreachable', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.nat(2999), (random, travel) => {
      const delay = heartbeatDelayMs(random);
      expect(Math.abs(delay - HEARTBEAT_MS)).toBeLessThanOrEqual(HEARTBEAT_JITTER_MS);
      expect(reachabilityAt(0, delay + travel)).toBe('online');
    }),
  );
  const latest = 3 * (HEARTBEAT_MS + HEARTBEAT_JITTER_MS);
  expect(reachabilityAt(0, latest)).toBe('late');
  expect(reachabilityAt(0, UNREACHABLE_AFTER_MS)).toBe('unreachable');
});

test('the edges, never seen, and a clock that stepped back', () => {
  expect(reachabilityAt(0, LATE_AFTER_MS - 1)).toBe('online');
  expect(reachabilityAt(0, LATE_AFTER_MS)).toBe('late');
  expect(reachabilityAt(0, UNREACHABLE_AFTER_MS - 1)).toBe('late');
  expect(reachabilityAt(null, 0)).toBe('unreachable');
  expect(reachabilityAt(10_000, 0)).toBe('online');
  for (const now of [0, LATE_AFTER_MS]) {
    const at = reachabilityChangesAt(0, now) ?? 0;
    expect(reachabilityAt(0, at - 1)).toBe(reachabilityAt(0, now));
    expect(reachabilityAt(0, at)).not.toBe(reachabilityAt(0, now));
  }
  expect(reachabilityChangesAt(0, UNREACHABLE_AFTER_MS)).toBeNull();
});
