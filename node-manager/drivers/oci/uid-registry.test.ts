import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { UidRegistry } from './uid-registry';

let folder: string;
let uids: UidRegistry;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'uids-'));
  uids = new UidRegistry(`${folder}/uids`);
  for (const sliver of ['a', 'b']) mkdirSync(`${folder}/${sliver}`);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a range belongs to one sliver of the host, whichever node manager made it', () => {
  expect(uids.claim(20, `${folder}/a`)).toBe(true);
  expect(new UidRegistry(`${folder}/uids`).claim(20, `${folder}/b`)).toBe(false);
  expect(uids.claim(20, `${folder}/a`)).toBe(true);
  uids.release(20, `${folder}/b`);
  expect(uids.claim(20, `${folder}/b`)).toBe(false);
  uids.release(20, `${folder}/a`);
  expect(uids.claim(20, `${folder}/b`)).toBe(true);
});

test('a sliver that is gone without a word holds nothing', () => {
  uids.claim(20, `${folder}/a`);
  rmSync(`${folder}/a`, { recursive: true });
  expect(uids.claim(20, `${folder}/b`)).toBe(true);
  rmSync(`${folder}/b`, { recursive: true });
  uids.close();
  expect(existsSync(`${folder}/uids`)).toBe(false);
});
