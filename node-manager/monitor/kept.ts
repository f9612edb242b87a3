import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { MeterState } from './meter';

const Counted = z.object({ cpuMs: z.int(), bytesIn: z.int().nullable(), bytesOut: z.int().nullable() });
const File = z.record(z.string(), z.object({ life: z.number(), last: Counted, total: Counted }));

/** Meters by lease, as the daemon before left them; none when there is no such file, or it was cut by a power failure. */
export function readMeters(path: string): Map<string, MeterState> {
  try {
    return new Map(Object.entries(File.parse(JSON.parse(readFileSync(path, 'utf8')))));
  } catch {
    return new Map();
  }
}

/** Replaces the file whole. Not synced: what a power failure takes is at worst the count of a few seconds. */
export function writeMeters(path: string, meters: ReadonlyMap<string, MeterState>): void {
  writeFileSync(`${path}.new`, JSON.stringify(Object.fromEntries(meters)), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
