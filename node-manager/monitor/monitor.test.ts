import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { UsageReport } from '@/protocol/node-manager/usage';
import type { SliverCounters } from '../drivers/driver';
import { programLog } from '../log';
import { readHost } from './host';
import { Monitor } from './monitor';

let folder: string;
let now: number;
let counters: Map<string, SliverCounters>;
const ID = 'lease-1-of-a-sliver';
const log = programLog('test', 'silent');
const use = (more: Partial<SliverCounters> = {}): SliverCounters => ({
  life: 1,
  cpuMs: 100,
  memoryBytes: 10,
  pids: 2,
  diskBytes: 5,
  bytesIn: 1000,
  bytesOut: 2000,
  ...more,
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'monitor-'));
  now = 1_800_000_000_000;
  counters = new Map([[ID, use()]]);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const make = (leases: () => Iterable<string> = () => [ID]) =>
  new Monitor({
    readHost: () => readHost(folder),
    counters: async () => counters,
    leases,
    now: () => now,
    abilities: [{ name: 'tc', able: true }],
    file: join(folder, 'usage.json'),
    log,
  });

async function later(monitor: Monitor, more: Partial<SliverCounters> | null) {
  now += 10_000;
  counters = new Map(more ? [[ID, use(more)]] : []);
  await monitor.look();
}

test('reports what was used since the last report that arrived, each bit once', async () => {
  const monitor = make();
  await monitor.look();
  expect(monitor.report()).toBeNull(); // the host needs two looks
  await later(monitor, { cpuMs: 300, bytesIn: 1500 });
  const first = UsageReport.parse(monitor.report());
  expect(first.host).toMatchObject({ periodMs: 10_000, abilities: [{ name: 'tc', able: true }] });
  expect(first.slivers[0]).toMatchObject({ leaseJti: ID, cpuMs: 300, bytesIn: 1500, bytesOut: 2000, pids: 2 });

  await later(monitor, { cpuMs: 350, bytesIn: 1600 });
  expect(monitor.report()).toEqual(first); // nobody said that it arrived: the very same again
  monitor.acknowledged('another');
  expect(monitor.report()).toEqual(first);
  monitor.acknowledged(first.until);
  expect(monitor.report()?.slivers[0]).toMatchObject({ periodMs: 10_000, cpuMs: 50, bytesIn: 100, bytesOut: 0 });
});

test('a sliver that starts again counts on; one that stopped uses nothing', async () => {
  const monitor = make();
  await monitor.look();
  await later(monitor, null);
  expect(monitor.meters.get(ID)?.use(ID)).toMatchObject({ cpuMs: 0, memoryBytes: 0, pids: 0, diskBytes: 5 });
  await later(monitor, { life: 2, cpuMs: 40, bytesIn: 1010 });
  expect(monitor.meters.get(ID)?.total).toEqual({ cpuMs: 140, bytesIn: 1010, bytesOut: 2000 });
});

test('the next daemon counts from where this one stopped', async () => {
  const before = make();
  await before.look();
  await later(before, { cpuMs: 500 });
  before.acknowledged(before.report()?.until ?? '');
  await before.stop();
  const after = make();
  await later(after, { cpuMs: 510 });
  await later(after, { cpuMs: 520 });
  expect(after.report()?.slivers[0]).toMatchObject({ cpuMs: 20, bytesIn: 0 });
  expect(after.meters.get(ID)?.total.cpuMs).toBe(520);
});

test('what ended is reported once more, and forgotten', async () => {
  let leases = [ID];
  const monitor = make(() => leases);
  await monitor.look();
  leases = [];
  await later(monitor, null);
  const last = monitor.report();
  expect(last?.slivers).toHaveLength(1);
  expect(monitor.meters.size).toBe(0);
});

test('asked by many at once it looks once', async () => {
  const monitor = make();
  let looks = 0;
  monitor.o.counters = async () => {
    looks += 1;
    return counters;
  };
  await Promise.all(Array.from({ length: 20 }, () => monitor.look()));
  await monitor.look();
  expect(looks).toBe(1);
});
