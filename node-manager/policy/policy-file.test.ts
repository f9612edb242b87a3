import { chmodSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { OPEN_POLICY } from '@/core/node/owner-policy';
import { programLog } from '../log';
import { until } from '../testing/agent-stub';
import { PolicyFile } from './policy-file';

const log = programLog('test', 'silent');
let directory: string;
let path: string;
const open: PolicyFile[] = [];
const start = () => {
  const policy = new PolicyFile(path, log);
  open.push(policy);
  return policy;
};
const write = (what: unknown, mode = 0o600) => {
  writeFileSync(path, typeof what === 'string' ? what : JSON.stringify(what), { mode });
  chmodSync(path, mode);
};
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'policy-'));
  path = join(directory, 'policy.json');
});
afterEach(() => {
  for (const policy of open.splice(0)) policy.close();
  rmSync(directory, { recursive: true, force: true });
});

test('is taken up at once when it is written, replaced or removed', async () => {
  const policy = start();
  expect(policy.current).toEqual(OPEN_POLICY);
  let changes = 0;
  policy.onChange = () => {
    changes += 1;
  };
  write({ maxSlivers: 3 });
  const began = Date.now();
  await until('the new policy', () => policy.current.maxSlivers === 3, 5_000);
  expect(Date.now() - began).toBeLessThan(1_900); // sooner than by looking from time to time
  expect(changes).toBe(1);
  writeFileSync(join(directory, 'policy.tmp'), JSON.stringify({ maxSlivers: 4 }), { mode: 0o600 });
  renameSync(join(directory, 'policy.tmp'), path);
  await until('the replaced policy', () => policy.current.maxSlivers === 4, 5_000);
  rmSync(path);
  await until('none', () => policy.current.maxSlivers === null, 5_000);
  expect(policy.problem).toBeNull();
});

test.each([
  [{ reserve: { memoryMiB: -1 } }, 'reserve.memoryMiB'],
  [{ reserve: { memoryGiB: 1 } }, 'reserve.memoryGiB'],
  [{ maxSliver: 1 }, 'maxSliver'],
  [{ ports: { from: 5000, to: 4000 } }, 'ports.to'],
  [{ ports: { from: 22, to: 4000 } }, 'ports.from'],
  [{ slices: { bar: ['a b'] } }, 'slices.bar.0'],
  [{ adminSwitch: 'shut' }, 'adminSwitch'],
  ['{ "maxSlivers": ', 'JSON'],
  [{ maxSlivers: 1, pad: 'x'.repeat(300_000) }, 'longer than'],
])('a bad edit keeps the last good one and names the field: %j', async (bad, named) => {
  write({ maxSlivers: 3 });
  const policy = start();
  expect(policy.current.maxSlivers).toBe(3);
  write(bad);
  await until('the problem', () => policy.problem, 5_000);
  expect(policy.problem).toContain(named);
  expect(policy.current.maxSlivers).toBe(3);
  expect(start().current.maxSlivers).toBe(3); // also a process that never saw the good one
  write({ maxSlivers: 5 });
  await until('its mending', () => policy.problem === null && policy.current.maxSlivers === 5, 5_000);
});

test('a file that others may write is none; one that was never good closes the node', () => {
  write({ maxSlivers: 3 }, 0o666);
  const policy = start();
  expect(policy.problem).toContain('chmod 600');
  expect(policy.current).toEqual({ ...OPEN_POLICY, adminSwitch: 'closed' });
});

test('what is kept beside it is readable by its owner only', () => {
  write({ maxSlivers: 3 });
  start();
  expect(statSync(`${path}.good`).mode & 0o777).toBe(0o600);
});
