import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
} from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { lockDirectory } from './lock';

/** A file of the journal that is open for writing. */
export interface JournalFile {
  /** All of it, at that place; what was written before an error may be there. */
  write(bytes: Buffer, at: number): Promise<void>;
  truncate(bytes: number): Promise<void>;
  /** Resolves when what was written is on the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** All that a journal does to its folder, a method for each step: tests count, fail and tear them. Names are file names. */
export interface JournalDisk {
  readonly path: string;
  /** Until what it returns is called nobody else may open the folder. @throws Refused CONFLICT */
  lock(): () => void;
  list(): string[];
  read(name: string): Buffer;
  open(name: string): Promise<JournalFile>;
  create(name: string): Promise<JournalFile>;
  /** Durable when it returns. */
  rename(from: string, to: string): void;
  remove(name: string): void;
  /** Keeps the file also in the folder beside this one, under the same name; gives that folder's path. Durable; idempotent. */
  keepAside(name: string, label: string): string;
  /** Bytes of the disk that the file takes; 0 for none. */
  allocated(name: string): number;
  freeBytes(): number;
}

/** A folder of the host. */
export function folderDisk(path: string): JournalDisk {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const at = (name: string) => `${path}/${name}`;
  return {
    path,
    lock: () => lockDirectory(path),
    list: () => readdirSync(path),
    read: (name) => readFileSync(at(name)),
    open: async (name) => journalFile(await open(at(name), 'r+')),
    create: async (name) => journalFile(await open(at(name), 'w', 0o600)),
    rename(from, to) {
      renameSync(at(from), at(to));
      syncDirectory(path);
    },
    remove: (name) => rmSync(at(name), { force: true }),
    keepAside(name, label) {
      const aside = `${path}.${label}`;
      mkdirSync(aside, { recursive: true, mode: 0o700 });
      rmSync(`${aside}/${name}`, { force: true });
      linkSync(at(name), `${aside}/${name}`);
      syncDirectory(aside);
      syncDirectory(`${path}/..`);
      return aside;
    },
    allocated(name) {
      const stat = statSync(at(name), { throwIfNoEntry: false });
      return stat ? stat.blocks * 512 : 0;
    },
    freeBytes() {
      const { bavail, bsize } = statfsSync(path);
      return bavail * bsize;
    },
  };
}

function journalFile(handle: FileHandle): JournalFile {
  return {
    async write(bytes, at) {
      for (let done = 0; done < bytes.length; )
        done += (await handle.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
    },
    truncate: (bytes) => handle.truncate(bytes),
    sync: () => handle.datasync(),
    close: () => handle.close(),
  };
}

function syncDirectory(path: string): void {
  const fd = openSync(path, 'r');
  fsyncSync(fd);
  closeSync(fd);
}

/** Is it that there is no room (left for us)? */
export function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}
