import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeFrame, scanFrames } from './frame';
import { Journal } from './journal';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'journal-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Opens the journal over a list that stands for the state. */
async function openList(list: string[], more: { compactBytes?: number; notices?: string[]; now?: () => number } = {}) {
  const journal = await Journal.open({
    directory,
    replay: (record) => list.push(record),
    snapshot: () => list,
    now: more.now ?? Date.now,
    notice: (message) => more.notices?.push(message),
    onFatal: (error) => {
      throw error;
    },
    ...(more.compactBytes ? { compactBytes: more.compactBytes } : {}),
  });
  const add = (record: string) => {
    list.push(record);
    return journal.append(record);
  };
  return { journal, add };
}

const onlyFile = () => join(directory, readdirSync(directory).find((name) => name.endsWith('.log')) ?? 'none');
async function reread(more: Parameters<typeof openList>[1] = {}) {
  const list: string[] = [];
  const { journal } = await openList(list, more);
  await journal.close();
  return list;
}

describe('Journal', () => {
  test('gives back what was appended, in order', async () => {
    const { journal, add } = await openList([]);
    await Promise.all(['a', 'b', 'c'].map(add));
    await add('d');
    await journal.close();
    expect(await reread()).toEqual(['a', 'b', 'c', 'd']);
  });

  test('appends of one moment share one sync', async () => {
    const { journal, add } = await openList([]);
    const before = journal.sequence;
    await Promise.all(Array.from({ length: 500 }, (_, i) => add(`r${i}`)));
    expect(journal.sequence - before).toBeLessThanOrEqual(2);
    await journal.close();
  });

  test('a torn end is cut, and said so; all before it is kept', async () => {
    const { journal, add } = await openList([]);
    await add('kept');
    const durable = journal.bytes;
    await add('torn');
    await journal.close();
    const whole = readFileSync(onlyFile());
    const tornFrameEnd = scanFrames(whole).frames.length;
    expect(tornFrameEnd).toBeGreaterThan(2);
    for (const cut of [1, 5, 27, 28, 30]) {
      writeFileSync(onlyFile(), whole.subarray(0, durable + cut));
      const notices: string[] = [];
      expect(await reread({ notices })).toEqual(['kept']);
      expect(notices).toHaveLength(1);
      expect(await reread()).toEqual(['kept']); // and a later start finds a sound file
      writeFileSync(onlyFile(), whole);
    }
  });

  test('a file that a crash left longer, full of zeros, loses only the zeros', async () => {
    const { journal, add } = await openList([]);
    await add('kept');
    await journal.close();
    writeFileSync(onlyFile(), Buffer.concat([readFileSync(onlyFile()), Buffer.alloc(9000)]));
    expect(await reread()).toEqual(['kept']);
  });

  test('any changed byte before the last frame is refused loudly', async () => {
    const { journal, add } = await openList([]);
    for (const record of ['one', 'two', 'three']) await add(record);
    const durable = journal.bytes;
    await journal.close();
    const whole = readFileSync(onlyFile());
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: durable - 1 }), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const bad = Buffer.from(whole);
        bad[at] = (bad[at] ?? 0) ^ flip;
        writeFileSync(onlyFile(), bad);
        await expect(reread()).rejects.toMatchObject({ code: 'JOURNAL_DAMAGED' });
      }),
      { numRuns: 150 },
    );
  });

  test('an emptied file is damage, not a fresh start', async () => {
    const { journal } = await openList([]);
    await journal.close();
    writeFileSync(onlyFile(), '');
    await expect(reread()).rejects.toMatchObject({ code: 'JOURNAL_DAMAGED' });
  });

  test('a second daemon on the same directory is refused', async () => {
    const { journal } = await openList([]);
    await expect(openList([])).rejects.toMatchObject({ code: 'CONFLICT' });
    await journal.close();
    await reread();
  });

  test('compaction keeps everything and the file small', async () => {
    const { journal, add } = await openList([], { compactBytes: 2000 });
    const written = Array.from({ length: 300 }, (_, i) => `record ${i}`);
    for (let i = 0; i < written.length; i += 7) await Promise.all(written.slice(i, i + 7).map(add));
    await journal.close();
    expect(readdirSync(directory).filter((name) => name.endsWith('.log'))).toHaveLength(1);
    expect(onlyFile()).not.toContain('00000001');
    expect(statSync(onlyFile()).size).toBeLessThan(20_000);
    expect(await reread()).toEqual(written);
  });

  test('the mark of time never goes back, also over a restart', async () => {
    let now = 5000;
    const first = await openList([], { now: () => now });
    await first.add('x');
    await first.journal.close();
    now = 1000;
    const second = await openList([], { now: () => now });
    expect(second.journal.timeMark).toBe(5000);
    await second.journal.close();
  });
});

test('frames survive the round trip', () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.string({ unit: 'grapheme' })), { maxLength: 8 }), (batches) => {
      const file = Buffer.concat(batches.map((records, i) => encodeFrame({ number: i + 1, timeMark: 7, records })));
      const scan = scanFrames(file);
      expect(scan.tail).toBeNull();
      expect(scan.frames.map((f) => f.records)).toEqual(batches);
    }),
  );
});
