import { closeSync, constants, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';

const Mark = z.object({ boot: z.string(), sequence: z.int().min(0) });
/** As long as the longest text: what is written over needs no cutting. */
const LENGTH = 96;

/**
 * How far the journal has come, kept where no copy of the data would take it along: in /run, which goes with the machine's
 * memory. Written after every commit and never synced, which costs some microseconds: it has to outlive the process, not the machine. A
 * journal that ends below it was put back from a copy. After a reboot nothing is known here; then the agent's word counts.
 */
export class HighWater {
  /** The highest number that was seen; 0 when nothing is known. */
  readonly sequence: number;
  /** True when what is known is exact: written since the machine booted. */
  readonly exact: boolean;
  private readonly fd: number | null;

  constructor(
    path: string,
    private readonly boot: string = bootId(),
  ) {
    const known = readMark(path);
    this.sequence = known?.sequence ?? 0;
    this.exact = known?.boot === boot;
    this.fd = openForWriting(path);
  }

  reached(sequence: number): void {
    if (this.fd === null) return;
    writeSync(this.fd, JSON.stringify({ boot: this.boot, sequence }).padEnd(LENGTH), 0);
  }

  close(): void {
    if (this.fd !== null) closeSync(this.fd);
  }
}

function readMark(path: string): z.infer<typeof Mark> | null {
  try {
    return Mark.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return null; // none, or torn: then nothing is known
  }
}

/** Null where this program may not write: then nothing will be known. */
function openForWriting(path: string): number | null {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    return openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  } catch {
    return null;
  }
}

/** Changes with every boot; empty where the kernel does not say. */
function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}
