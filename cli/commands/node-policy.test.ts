import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { run } from '../program';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meridian-policy-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
  process.exitCode = 0;
});

async function policy(...args: string[]) {
  const [out, err]: string[][] = [[], []];
  const io = { out: (text: string) => void out?.push(text), err: (text: string) => void err?.push(text) };
  await run(['node', 'policy', ...(args.includes('--data') ? args : [...args, '--data', folder])], io);
  return { out: out?.join('') ?? '', err: err?.join('') ?? '', code: process.exitCode };
}
const file = () => JSON.parse(readFileSync(join(folder, 'policy.json'), 'utf8')) as Record<string, unknown>;

test('shows and changes one field after the other, in a file that is the owner’s alone', async () => {
  expect((await policy('show')).out).toBe('Slivers may publish ports 10000 to 60999.\n');
  await policy('set', 'reserve.memoryMiB', '2048');
  await policy('set', 'sites.bar', 'spam', 'uni*');
  await policy('set', 'ports', '20000', '20100');
  await policy('set', 'maxSlivers', '20');
  const { out } = await policy('set', 'adminSwitch', 'draining');
  expect(out.split('\n')).toEqual([
    'Takes no new slivers: its owner has set it to draining.',
    'Keeps 2,048 MiB of memory for its owner.',
    'Takes no slices of the sites spam, uni*.',
    'Holds at most 20 slivers at a time.',
    'Slivers may publish ports 20000 to 20100.',
    '',
  ]);
  expect(statSync(join(folder, 'policy.json')).mode & 0o777).toBe(0o600);
  await policy('set', 'maxSlivers', 'none');
  await policy('set', 'sites.bar');
  expect(file()).toMatchObject({ maxSlivers: null, sites: { allow: [], bar: [] }, reserve: { memoryMiB: 2048 } });
});

test('a mistake is named and changes nothing', async () => {
  await policy('set', 'maxSlivers', '20');
  const wrong = await policy('set', 'reserve.memoryGiB', '2');
  expect(wrong.err).toContain('reserve.memoryGiB');
  expect(wrong.code).toBe(65);
  expect((await policy('set', 'adminSwitch', 'shut')).err).toContain('adminSwitch');
  for (const [field, value, problem] of [
    ['reserve.memoryMiB', '-3', 'must be at least 0'],
    ['reserve.memoryMiB', '1.5', 'must be a whole number'],
    ['maxSlivers', 'many', 'must be a number'],
    ['adminSwitch', 'shut', 'must be one of open, draining, closed'],
  ] as const) {
    const { err, code } = await policy('set', field, value);
    expect(err).toContain(`${field} was not accepted: ${problem}.`);
    expect(code).toBe(65);
  }
  expect(file()).toEqual({ maxSlivers: 20 });

  const nowhere = join(folder, 'nowhere');
  const { err, code } = await policy('show', '--data', nowhere);
  expect([err, code]).toEqual([expect.stringContaining(`--data was not accepted: there is no folder ${nowhere}`), 65]);
});
