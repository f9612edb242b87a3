import { describe, expect, test } from 'vitest';
import { Refused } from '@/core/errors';
import { MemoryDisk } from '../testing/memory-disk';
import { encodeFrame } from './frame';
import { Journal, type JournalOptions } from './journal';
import type { Mishap } from './mishap';

// What may befall a journal's file while nobody looks: it is said, what verifies is kept, and it is never begun anew in silence.
const FIRST = 'journal-00000001.log';

async function openList(disk: MemoryDisk, more: Partial<JournalOptions> = {}) {
  const list: string[] = [];
  const mishaps: Mishap[] = [];
  const notices: string[] = [];
  const journal = await Journal.open({
    directory: disk.path,
    disk,
    replay: (record) => list.push(record),
    snapshot: () => list,
    now: () => 7,
    notice: (message) => notices.push(message),
    onFatal: (error) => notices.push(String(error)),
    mishap: (mishap) => mishaps.push(mishap),
    reserveBytes: 64,
    ...more,
  });
  const add = (record: string) => {
    list.push(record);
    return journal.append(record);
  };
  return { journal, add, list, mishaps, notices };
}

/** A journal of five records, its file, and the number it was last seen at. */
async function written() {
  const disk = new MemoryDisk();
  const { journal, add } = await openList(disk);
  for (const record of ['one', 'two', 'three', 'four', 'five']) await add(record);
  const seen = journal.sequence;
  await journal.close();
  return { disk, file: disk.read(FIRST), seen };
}

const flipped = (file: Buffer, at: number) => {
  const bad = Buffer.from(file);
  bad[at] = (bad[at] ?? 0) ^ 0xff;
  return bad;
};
const ALL = ['one', 'two', 'three', 'four', 'five'];
type Case = { why: Mishap['why'] | null; kept: string[]; change: (disk: MemoryDisk, file: Buffer) => void };
const CASES: Record<string, Case> = {
  'a torn end': {
    why: null,
    kept: ALL,
    change: (disk, file) => disk.overwrite(FIRST, Buffer.concat([file, file.subarray(40, 59)])),
  },
  'an end full of zeros': {
    why: null,
    kept: ALL,
    change: (disk, file) => disk.overwrite(FIRST, Buffer.concat([file, Buffer.alloc(9_000)])),
  },
  'a bit that flipped in the middle': {
    why: 'damaged',
    kept: ['one', 'two', 'four', 'five'],
    change: (disk, file) => disk.overwrite(FIRST, flipped(file, file.indexOf('three'))),
  },
  'a bit that flipped in its head': {
    why: 'damaged',
    kept: ALL,
    change: (disk, file) => disk.overwrite(FIRST, flipped(file, 40)),
  },
  'a page of zeros in the middle': {
    why: 'damaged',
    kept: ['one', 'five'],
    change: (disk, file) =>
      disk.overwrite(FIRST, Buffer.from(file).fill(0, file.indexOf('two') - 9, file.indexOf('four') + 2)),
  },
  'a file cut short': {
    why: 'rolled-back',
    kept: ['one', 'two'],
    change: (disk, file) => disk.overwrite(FIRST, file.subarray(0, file.indexOf('three') - 3)),
  },
  'a last record that rotted': {
    why: 'rolled-back',
    kept: ['one', 'two', 'three', 'four'],
    change: (disk, file) =>
      disk.overwrite(FIRST, flipped(file.subarray(0, file.indexOf('five') + 4), file.indexOf('five'))),
  },
  'an emptied file': { why: 'damaged', kept: [], change: (disk) => disk.overwrite(FIRST, Buffer.alloc(0)) },
  'another file in its place': {
    why: 'damaged',
    kept: [],
    change: (disk) => disk.overwrite(FIRST, Buffer.alloc(500, 'x')),
  },
  'no file': { why: 'lost', kept: [], change: (disk) => disk.remove(FIRST) },
};

describe.each(Object.entries(CASES))('%s', (_name, { why, kept, change }) => {
  test('is said, and what verifies is kept, above every number that was seen', async () => {
    const { disk, file, seen } = await written();
    change(disk, file);
    const bad = disk.list().includes(FIRST) ? disk.read(FIRST) : null;
    const { journal, list, mishaps, notices, add } = await openList(disk, { expected: seen });
    expect(list).toEqual(kept);
    expect(mishaps.map((mishap) => mishap.why)).toEqual(why === null ? [] : [why]);
    expect(notices.length).toBe(1);
    expect(journal.sequence).toBeGreaterThan(seen);
    if (why !== null && bad) {
      expect(mishaps[0]?.aside).toContain(why);
      expect([...disk.aside.values()]).toEqual([bad]); // as it was found
    }
    await add('six');
    await journal.close();
    const again = await openList(disk, { expected: journal.sequence });
    expect([again.list, again.mishaps]).toEqual([[...kept, 'six'], []]);
    await again.journal.close();
  });

  test('is refused where nobody asked to go on', async () => {
    const { disk, file, seen } = await written();
    change(disk, file);
    const opened = Journal.open({
      directory: disk.path,
      disk,
      replay: () => {},
      snapshot: () => [],
      now: () => 7,
      onFatal: () => {},
      expected: seen,
    });
    if (why === null) await opened;
    else await expect(opened).rejects.toMatchObject({ code: 'JOURNAL_DAMAGED' });
  });
});

test('what cannot be looked at, or is of a later version, is left alone', async () => {
  const { disk, seen } = await written();
  disk.read = () => {
    throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
  };
  const refused = await openList(disk, { expected: seen }).catch((err: unknown) => err);
  expect(refused).toMatchObject({ code: 'JOURNAL_DAMAGED', facts: { problem: expect.stringContaining('EACCES') } });
  const later = new MemoryDisk();
  const head = JSON.stringify({ file: 'journal', version: 2, generation: 1, frames: 1 });
  later.overwrite(FIRST, encodeFrame({ number: 1, timeMark: 1, records: [head] }));
  await expect(openList(later)).rejects.toBeInstanceOf(Refused);
  expect(later.aside.size).toBe(0);
  expect(later.list()).toEqual([FIRST]);
});

describe('on a full disk', () => {
  test('what was under way and every release after it are written; new work waits for room, and is taken again', async () => {
    const disk = new MemoryDisk();
    const { journal, add, list, notices } = await openList(disk, { reserveBytes: 3_000 });
    expect(journal.full).toBe(false);
    disk.leave(10); // as if others had taken all but ten bytes
    await add('under way');
    expect(() => journal.assertRoom()).toThrow('STORAGE_FULL');
    for (let i = 0; i < 20; i++) await add(`released ${i}`);
    expect(notices.some((said) => said.includes('the disk is full'))).toBe(true);
    // A start in between finds it all, and goes on.
    await journal.close();
    const next = disk.after('killed');
    next.capacity = disk.capacity;
    const second = await openList(next, { reserveBytes: 3_000 });
    expect(second.list).toEqual(list);
    expect(() => second.journal.assertRoom()).toThrow('STORAGE_FULL');
    await second.add('one more');
    next.capacity = Number.POSITIVE_INFINITY;
    await expect.poll(() => second.journal.full, { timeout: 5_000 }).toBe(false);
    second.journal.assertRoom();
    await second.journal.close();
  });

  test('with the reserve used up too a release waits, is not acknowledged, and is written when there is room', async () => {
    const disk = new MemoryDisk();
    const { journal, add } = await openList(disk, { reserveBytes: 300 });
    disk.leave(10);
    let acknowledged = 0;
    const words = Array.from({ length: 30 }, (_, i) => `word ${i} ${'x'.repeat(20)}`);
    const all = Promise.all(words.map((word) => add(word).then(() => (acknowledged += 1))));
    await expect.poll(() => disk.freeBytes() < 400).toBe(true);
    expect(acknowledged).toBe(0);
    disk.capacity = Number.POSITIVE_INFINITY;
    await all;
    expect(acknowledged).toBe(30);
    await journal.close();
    const again = await openList(disk.after('killed'));
    expect(again.list).toEqual(words);
    await again.journal.close();
  });

  test('a compaction without room leaves the old file as it is', async () => {
    const disk = new MemoryDisk();
    const { journal, add, list, notices } = await openList(disk, { compactBytes: 2_000, reserveBytes: 64 });
    for (let i = 0; i < 12; i++) await add('x'.repeat(100));
    disk.leave(1_500);
    for (let i = 0; i < 8; i++) await add('y'.repeat(100));
    expect(notices.some((said) => said.includes('no room to compact'))).toBe(true);
    await journal.close();
    const again = await openList(disk.after('killed'));
    expect(again.list).toEqual(list);
    await again.journal.close();
  });
});
