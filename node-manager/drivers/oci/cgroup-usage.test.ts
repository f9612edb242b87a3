import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readGroups } from './cgroup-usage';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'cgroups-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function file(path: string, text: string) {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), text);
}

test('reads version 1, one tree for each controller', async () => {
  file('cpu,cpuacct/n/s-a/cpuacct.usage', '1234567890\n');
  file('memory/n/s-a/memory.usage_in_bytes', '5000\n');
  file('memory/n/s-a/memory.stat', 'inactive_file 1\ntotal_cache 9\ntotal_inactive_file 2000\n');
  file('pids/n/s-a/pids.current', '3\n');
  file('memory/n/s-gone/memory.usage_in_bytes', '1\n'); // the other trees have no such group any more
  const trees = ['cpu,cpuacct', 'memory', 'pids'].map((name) => join(root, name));
  const found = await readGroups({ version: 1, hybrid: false, trees, missing: [] }, '/n');
  expect([...found]).toEqual([['s-a', { life: expect.any(Number), cpuMs: 1234, memoryBytes: 3000, pids: 3 }]]);
});

test('reads version 2, one tree', async () => {
  file('n/s-a/cpu.stat', 'usage_usec 2500000\nuser_usec 1\n');
  file('n/s-a/memory.current', '5000\n');
  file('n/s-a/memory.stat', 'anon 10\ninactive_file 500\n');
  file('n/s-a/pids.current', '2\n');
  const found = await readGroups({ version: 2, hybrid: false, trees: [root], missing: [] }, '/n');
  expect(found.get('s-a')).toMatchObject({ cpuMs: 2500, memoryBytes: 4500, pids: 2 });
  expect(await readGroups({ version: 2, hybrid: false, trees: [root], missing: [] }, '/none')).toEqual(new Map());
});
