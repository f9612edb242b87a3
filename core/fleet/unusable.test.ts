import { describe, expect, test } from 'vitest';
import { type FleetStanding, fleetReachability, whyUnusable } from './unusable';

const least = { cpuMilli: 100, memoryMiB: 128, diskMiB: 512, networkKbps: 1000 };
const room = { cpuMilli: 1000, memoryMiB: 1024, diskMiB: 4096, networkKbps: 10_000 };
const good: FleetStanding = {
  hostname: 'node1.oslo',
  bootState: 'boot',
  adminSwitch: 'open',
  reachability: 'online',
  lastSeen: 0,
  enrolled: true,
  delegated: true,
  capacity: room,
  free: room,
};

describe('a node takes slivers', () => {
  test('when nothing is in the way', () => expect(whyUnusable(good, least)).toBeNull());
  test('also when it is late', () => expect(whyUnusable({ ...good, reachability: 'late' }, least)).toBeNull());
  test.each<[string, Partial<FleetStanding>]>([
    ['NODE_NOT_BOOT', { bootState: 'debug' }],
    ['NODE_NOT_BOOT', { bootState: 'registered', enrolled: false, reachability: 'never' }],
    ['NODE_NOT_ENROLLED', { enrolled: false, reachability: 'never', lastSeen: null }],
    ['NODE_CLOSED', { adminSwitch: 'draining' }],
    ['NODE_UNREACHABLE', { reachability: 'unreachable' }],
    ['NODE_UNREACHABLE', { reachability: 'never', lastSeen: null }],
    ['NOT_DELEGATED', { delegated: false }],
    ['NODE_FULL', { free: { ...room, memoryMiB: 127 } }],
  ])('not when %s', (code, change) => {
    expect(whyUnusable({ ...good, ...change }, least)).toMatchObject({ code, facts: { node: 'node1.oslo' } });
  });
  test('a full node says of what', () => {
    expect(whyUnusable({ ...good, free: { ...room, memoryMiB: 127 } }, least)?.facts).toMatchObject({
      resource: 'memoryMiB',
      wants: 128,
      free: 127,
      capacity: 1024,
    });
  });
});

test('what the agent wrote holds until silence says otherwise', () => {
  expect(fleetReachability('online', 0, 5_000)).toBe('online');
  expect(fleetReachability('online', 0, 20_000)).toBe('late');
  expect(fleetReachability('online', 0, 600_000)).toBe('unreachable');
  expect(fleetReachability('unreachable', 0, 5_000)).toBe('unreachable');
  expect(fleetReachability(null, null, 0)).toBe('never');
});
