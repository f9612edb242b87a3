import { spawn } from 'node:child_process';
import { statfsSync, statSync } from 'node:fs';

/** Folders that one look walks through; the others' turn comes at the next. */
const WALKED_AT_ONCE = 50;
const WALK_MS = 5_000;
/** A folder that could not be walked in that time is left alone for so many looks. */
const REST_LOOKS = 60;

/**
 * What slivers wrote, in bytes. A file system of its own says so at once; a plain folder has to be walked, which is done for a few
 * at a time, at low priority and bounded in time: what it says is then some looks old.
 */
export class DiskUse {
  private readonly known = new Map<string, number>();
  private readonly rests = new Map<string, number>();
  private queue: string[] = [];

  /** By id; null for what was not measured yet. `folders`: id → where the sliver's files are. */
  async measure(folders: ReadonlyMap<string, string>, within: string): Promise<ReadonlyMap<string, number | null>> {
    for (const map of [this.known, this.rests]) for (const id of map.keys()) if (!folders.has(id)) map.delete(id);
    const device = statSync(within).dev;
    const walked: string[] = [];
    for (const [id, folder] of folders) {
      const bytes = ownFileSystem(folder, device);
      if (bytes === null) walked.push(id);
      else this.known.set(id, bytes);
    }
    await this.walk(walked, folders);
    return new Map([...folders.keys()].map((id) => [id, this.known.get(id) ?? null]));
  }

  private async walk(ids: readonly string[], folders: ReadonlyMap<string, string>): Promise<void> {
    const here = new Set(ids);
    this.queue = this.queue.filter((id) => here.has(id));
    const queued = new Set(this.queue);
    const fresh = ids.filter((id) => !queued.has(id));
    // Who was never measured comes first.
    this.queue = [
      ...fresh.filter((id) => !this.known.has(id)),
      ...this.queue,
      ...fresh.filter((id) => this.known.has(id)),
    ];
    for (const [id, looks] of this.rests) if (looks > 0) this.rests.set(id, looks - 1);
    const now = this.queue.filter((id) => (this.rests.get(id) ?? 0) === 0).slice(0, WALKED_AT_ONCE);
    if (now.length === 0) return;
    const sizes = await du(now.map((id) => folders.get(id) ?? ''));
    for (const id of now) {
      const bytes = sizes.get(folders.get(id) ?? '');
      if (bytes === undefined) this.rests.set(id, REST_LOOKS);
      else this.known.set(id, bytes);
    }
    const done = new Set(now);
    this.queue = this.queue.filter((id) => !done.has(id));
  }
}

/** Bytes in use of the file system that begins at a folder; null when it is its parent's, or gone. */
function ownFileSystem(folder: string, device: number): number | null {
  try {
    if (statSync(folder).dev === device) return null;
    const { blocks, bfree, bsize } = statfsSync(folder);
    return (blocks - bfree) * bsize;
  } catch {
    return null;
  }
}

/** Bytes on the disk below each folder, of those that could be walked in time. */
function du(folders: readonly string[]): Promise<Map<string, number>> {
  return new Promise((resolve) => {
    const child = spawn('nice', ['-n', '19', 'du', '-s', '-x', '-B1', '--', ...folders], {
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), WALK_MS);
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString('utf8');
    });
    child.once('error', () => resolve(new Map()));
    child.once('close', () => {
      clearTimeout(timer);
      const lines = out.split('\n').slice(0, -1); // the last is empty, or was cut
      resolve(new Map(lines.map((line) => [line.slice(line.indexOf('\t') + 1), Number.parseInt(line, 10)])));
    });
  });
}
