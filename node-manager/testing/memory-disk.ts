// biome-ignore-all lint/suspicious/useAwait: a step that fails must reject, not throw
import { Refused } from '@/core/errors';
import type { JournalDisk, JournalFile } from '../journal/disk';

/** What a file holds: as programs see it, and as the disk does. */
type Inode = { live: Buffer; synced: Buffer };

/**
 * How a machine went down: the program was killed (all that was written is there); power was lost and what was not synced is gone, or there in
 * part, or there as zeros; names that were made or removed and not synced come out either way.
 */
export const DEATHS = ['killed', 'unsynced gone', 'unsynced torn', 'unsynced zeros'] as const;
export type Death = (typeof DEATHS)[number];

const never = new Promise<never>(() => {});

/** A disk in memory that dies at a step that is chosen, and can be full. */
export class MemoryDisk implements JournalDisk {
  readonly path = '/journal';
  /** Steps done so far. */
  steps = 0;
  /** The step at which everything stops: a write is half done, nothing else is. */
  dieAt = Number.POSITIVE_INFINITY;
  died: () => void = () => {};
  capacity = Number.POSITIVE_INFINITY;
  /** Names beside the folder: what was kept aside. */
  readonly aside = new Map<string, Buffer>();
  private dead = false;
  private locked = false;

  constructor(
    private names = new Map<string, Inode>(),
    private syncedNames = new Map(names),
  ) {}

  /** The disk as the next start finds it. */
  after(death: Death): MemoryDisk {
    const inodes = new Map<Inode, Inode>();
    const left = (inode: Inode) => {
      const known = inodes.get(inode);
      if (known) return known;
      const bytes = bytesAfter(inode, death);
      const made = { live: bytes, synced: bytes };
      inodes.set(inode, made);
      return made;
    };
    const names = death === 'unsynced gone' ? this.syncedNames : this.names;
    const next = new MemoryDisk(new Map([...names].map(([name, inode]) => [name, left(inode)])));
    for (const [name, bytes] of this.aside) next.aside.set(name, bytes);
    return next;
  }

  lock(): () => void {
    if (this.locked) throw new Refused('CONFLICT', { kind: 'data directory', id: this.path, problem: 'in use' });
    this.locked = true;
    return () => {
      this.locked = false;
    };
  }

  list(): string[] {
    return [...this.names.keys()];
  }

  read(name: string): Buffer {
    const inode = this.names.get(name);
    if (!inode) throw Object.assign(new Error(`ENOENT ${name}`), { code: 'ENOENT' });
    return Buffer.from(inode.live);
  }

  /** As if somebody had changed the file behind the journal's back. */
  overwrite(name: string, bytes: Buffer): void {
    this.names.set(name, { live: bytes, synced: bytes });
    this.syncedNames = new Map(this.names);
  }

  open(name: string): Promise<JournalFile> {
    const inode = this.names.get(name);
    if (!inode) throw new Error(`no file ${name}`);
    return this.step() ? Promise.resolve(this.fileOf(inode)) : never;
  }

  create(name: string): Promise<JournalFile> {
    if (!this.step()) return never;
    const inode: Inode = { live: Buffer.alloc(0), synced: Buffer.alloc(0) };
    this.names.set(name, inode);
    return Promise.resolve(this.fileOf(inode));
  }

  rename(from: string, to: string): void {
    this.stepOrThrow();
    const inode = this.names.get(from);
    if (!inode) throw new Error(`no file ${from}`);
    this.names.delete(from);
    this.names.set(to, inode);
    this.stepOrThrow();
    this.syncedNames = new Map(this.names);
  }

  remove(name: string): void {
    this.stepOrThrow();
    this.names.delete(name);
  }

  keepAside(name: string, label: string): string {
    this.stepOrThrow();
    this.aside.set(`${label}/${name}`, this.read(name));
    return `${this.path}.${label}`;
  }

  allocated(name: string): number {
    return this.names.get(name)?.live.length ?? 0;
  }

  freeBytes(): number {
    return this.capacity === Number.POSITIVE_INFINITY ? 2 ** 40 : this.capacity - this.used();
  }

  /** As if others had taken all but so many bytes. */
  leave(bytes: number): void {
    this.capacity = this.used() + bytes;
  }

  private used(): number {
    return [...new Set(this.names.values())].reduce((sum, inode) => sum + inode.live.length, 0);
  }

  private fileOf(inode: Inode): JournalFile {
    return {
      write: async (bytes, at) => {
        if (!this.step()) {
          put(inode, bytes.subarray(0, bytes.length / 2), at);
          return never;
        }
        const room = this.freeBytes() - Math.max(0, at + bytes.length - inode.live.length);
        if (room < 0) {
          put(inode, bytes.subarray(0, Math.max(0, bytes.length + room)), at);
          throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
        }
        put(inode, bytes, at);
      },
      truncate: async (length) => {
        if (!this.step()) return never;
        inode.live = Buffer.from(inode.live.subarray(0, length));
      },
      sync: async () => {
        if (!this.step()) return never;
        inode.synced = Buffer.from(inode.live);
      },
      close: () => Promise.resolve(),
    };
  }

  /** False from the moment of death on. */
  private step(): boolean {
    if (this.dead) return false;
    this.steps += 1;
    if (this.steps < this.dieAt) return true;
    this.dead = true;
    this.died();
    return false;
  }

  private stepOrThrow(): void {
    if (!this.step()) throw new Error('dead');
  }
}

function put(inode: Inode, bytes: Buffer, at: number): void {
  const next = Buffer.alloc(Math.max(inode.live.length, at + bytes.length));
  inode.live.copy(next);
  bytes.copy(next, at);
  inode.live = next;
}

function bytesAfter({ live, synced }: Inode, death: Death): Buffer {
  if (death === 'killed') return live;
  if (death === 'unsynced gone') return synced;
  const some = death === 'unsynced torn' ? live.subarray(0, synced.length + (live.length - synced.length) / 3) : synced;
  const whole = Buffer.alloc(death === 'unsynced zeros' ? Math.max(live.length, synced.length) : some.length);
  some.copy(whole);
  return whole;
}
