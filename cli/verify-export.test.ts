import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { auditText } from '@/core/audit/text';
import { type ChainedRow, NOTHING_BEFORE } from '@/protocol/audit/chain';
import { verifyFile } from './verify-export';

const folder = mkdtempSync(join(tmpdir(), 'meridian-export-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;

function fileOf(lines: readonly (ChainedRow | string)[]): string {
  const file = join(folder, `${++files}.jsonl`);
  writeFileSync(file, lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join(''));
  return file;
}

function trail(length: number): ChainedRow[] {
  const rows: ChainedRow[] = [];
  for (let i = 1; i <= length; i++) {
    const at = new Date(1_700_000_000_000 + i).toISOString();
    const prev = rows.at(-1)?.hash ?? NOTHING_BEFORE;
    const what = {
      id: String(i * 3),
      at,
      actorId: null,
      actor: 'ada',
      action: 'slice.exec',
      objectKind: 'slice',
      objectId: 'a_b',
      siteId: null,
    };
    const row = { ...what, facts: { i, note: 'é' } };
    const hash = createHash('sha256').update(Buffer.from(prev, 'hex')).update(auditText(row)).digest('hex');
    rows.push({ seq: String(i), ...row, prev, hash });
  }
  return rows;
}

const rows = trail(6);
const at = (i: number): ChainedRow => rows[i] ?? trail(1)[0] ?? fail();
const head = { seq: at(5).seq, hash: at(5).hash };

test('a whole export, and one that a filter thinned', async () => {
  expect(await verifyFile(fileOf(rows), head)).toEqual({ rows: 6, whole: true, first: '1', head, problem: null });
  expect(await verifyFile(fileOf([at(1), at(4)]), null)).toMatchObject({ rows: 2, whole: false, problem: null });
});

test.each([
  ['a changed word', [at(0), { ...at(1), actor: 'eve' }, at(2)], { kind: 'changed', seq: '2', line: 2 }],
  ['changed facts', [{ ...at(0), facts: { i: 2, note: 'é' } }], { kind: 'changed', seq: '1', line: 1 }],
  ['rows that changed places', [at(0), at(2), at(1)], { kind: 'inserted', seq: '2', line: 3 }],
  ['a row twice', [at(0), at(0)], { kind: 'inserted', seq: '1', line: 2 }],
  [
    'a row of another trail in place of one',
    [at(0), { ...(trail(2)[1] ?? fail()), seq: '2', ...rehashed(at(1), at(3).prev) }],
    { kind: 'changed', seq: '2', line: 2 },
  ],
  ['an end that was cut off', rows.slice(0, 4), { kind: 'cut-off', seq: '6', line: 4 }],
])('finds %s', async (_, lines, problem) => {
  expect((await verifyFile(fileOf(lines), head)).problem).toMatchObject(problem);
});

test('what is no row is refused by its line', async () => {
  await expect(verifyFile(fileOf([at(0), 'not JSON']), null)).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    facts: { field: 'line 2', problem: 'it is not JSON' },
  });
  await expect(verifyFile(fileOf(['{"seq":"1"}']), null)).rejects.toMatchObject({ facts: { field: 'line 1' } });
  await expect(verifyFile(join(folder, 'none'), null)).rejects.toMatchObject({
    facts: { problem: 'it cannot be read' },
  });
});

/** The row as if it followed another: right by itself, wrong in its place. */
function rehashed(row: ChainedRow, prev: string): Pick<ChainedRow, 'prev' | 'hash'> {
  const hash = createHash('sha256').update(Buffer.from(prev, 'hex')).update(auditText(row)).digest('hex');
  return { prev, hash };
}

function fail(): never {
  throw new Error('no such row');
}
