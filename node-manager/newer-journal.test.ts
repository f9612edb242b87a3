import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Refused } from '@/core/errors';
import { sentence } from '@/core/refusal-sentence';
import { encodeFrame } from './journal/frame';
import { Ledger } from './ledger';
import { programLog } from './log';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'newer-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const opened = () =>
  Ledger.open(folder, programLog('test', 'silent'), () => {}).then(
    async (ledger) => {
      await ledger.close();
      return 'opened';
    },
    (err: unknown) => (err instanceof Refused ? sentence(err.reason) : err),
  );
const journal = (version: number, ...records: unknown[]) =>
  writeFileSync(
    `${folder}/journal-00000001.log`,
    encodeFrame({
      number: 1,
      timeMark: 1,
      records: [{ file: 'journal', version, generation: 1, frames: 1 }, ...records].map((each) => JSON.stringify(each)),
    }),
  );

test('a journal that a newer version wrote is refused in a sentence, and left as it is', async () => {
  const event = { n: 'urn:n', e: { t: 'born', at: 1, incarnation: 'abcdefghijklmnop' } };
  journal(1, event);
  expect(await opened()).toBe('opened');
  journal(1, event, { n: 'urn:n', e: { t: 'teleported', at: 2 } });
  for (let i = 0; i < 2; i++)
    expect(await opened()).toContain('a newer version wrote it: it holds a record "teleported"');
  journal(2, event);
  for (let i = 0; i < 2; i++) expect(await opened()).toContain('journal');
});
