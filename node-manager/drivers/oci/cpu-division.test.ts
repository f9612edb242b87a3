import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import { CpuDivision } from './cpu-division';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'division-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test('writes what each is entitled to beside the others, again when they change, and passes over one that has gone', () => {
  const tree = join(root, 'cpu,cpuacct');
  for (const name of ['a', 'b', 'c']) mkdirSync(join(tree, 'node', name), { recursive: true });
  const division = new CpuDivision(
    { version: 1, hybrid: false, trees: [join(root, 'memory'), tree], missing: [] },
    { cpuMilli: 2000, capsCpu: true },
  );
  const of = (name: string, file: string) => Number(readFileSync(join(tree, 'node', name, file), 'utf8'));
  const sliver = (cpuMilli: number, cpuShare = 100) => ({ ...DEFAULT_RESOURCES, cpuMilli, cpuShare });
  const running = new Map([
    ['/node/a', sliver(500)],
    ['/node/b', sliver(0)],
    ['/node/gone', sliver(0)],
  ]);
  division.divide(running, 0);
  // 500 reserved, the other 1500 in three parts.
  expect(of('a', 'cpu.shares') / of('b', 'cpu.shares')).toBeCloseTo(2, 3);
  expect(of('a', 'cpu.cfs_quota_us')).toBe(100_000); // half of the machine
  running.delete('/node/gone');
  division.divide(running, 0);
  expect(of('a', 'cpu.shares') / of('b', 'cpu.shares')).toBeCloseTo(1250 / 750, 3);
  expect(of('a', 'cpu.cfs_quota_us')).toBe(125_000); // what it is entitled to is more than half
  running.set('/node/c', sliver(0, 300));
  division.divide(running, 10);
  // A tenth of 1500 is assured to each, the remaining 1050 goes 1 : 1 : 3.
  expect(of('c', 'cpu.shares') / of('b', 'cpu.shares')).toBeCloseTo((150 + 630) / (150 + 210), 2);
  expect(of('a', 'cpu.shares') / of('b', 'cpu.shares')).toBeCloseTo((500 + 150 + 210) / (150 + 210), 2);
});
