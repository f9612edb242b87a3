import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeFrame, MAX_FRAME_BYTES } from './journal/frame';
import { emptyNode, snapshotParts } from './lease/node-state';
import { Ledger } from './ledger';
import { programLog } from './log';

const NODE = 'urn:publicid:IDN+meridian:lab+node+n';
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ledger-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const open = (clock?: () => number) =>
  Ledger.open(
    directory,
    programLog('test', 'silent'),
    (error) => {
      throw error;
    },
    clock,
  );
const burnt = { fate: 'burnt' as const, lease: null, receipt: 'r'.repeat(700) };

describe('Ledger', () => {
  test('a history of many tickets is written in parts that can be read again', async () => {
    const state = emptyNode();
    for (let i = 0; i < 100_000; i++) state.spent.set(`iss ticket-${i}`, burnt);
    const longest = Math.max(...[...snapshotParts(state)].map((part) => JSON.stringify(part).length));
    expect(longest).toBeLessThan(MAX_FRAME_BYTES / 16);
    expect(() => encodeFrame({ number: 1, timeMark: 1, records: ['x'.repeat(MAX_FRAME_BYTES)] })).toThrow();

    const ledger = await open();
    await ledger.record(NODE, { t: 'born', at: 1, incarnation: 'i'.repeat(22) });
    for (let i = 0; i < 2500; i++) ledger.of(NODE).spent.set(`iss ticket-${i}`, burnt);
    const keys = Array.from({ length: 30 }, (_, i) => `ssh-ed25519 ${String(i).padEnd(8000, 'A')}`);
    for (let i = 0; i < 80; i++) await ledger.record(NODE, { t: 'keys', at: 1, slice: `slice-${i % 20}`, keys });
    await ledger.close();
    expect(readdirSync(directory)).not.toContain('journal-00000001.log'); // it was compacted
    const again = await open();
    const { spent, keys: kept, incarnation } = again.of(NODE);
    expect([spent.size, kept.size, incarnation]).toEqual([2500, 20, 'i'.repeat(22)]);
    expect(spent.get('iss ticket-2499')).toEqual(burnt);
    expect(kept.get('slice-7')).toEqual(keys);
    await again.close();
  });
});
