import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';

/** Every process of a guest finds this in its environment, unless it wiped it. */
export const GUEST_MARK = 'MERIDIAN_GUEST';
/** A fork may slip by while the list is read: so often it is read again. */
const PASSES = 5;

/**
 * The guests of one sliver: a file each, named by its mark, that holds the pid of the program that was started for it. In the sliver's folder
 * in /run, so that a daemon that comes later finds them.
 */
export class GuestBook {
  constructor(
    private readonly folder: string,
    /** Every process of the sliver. */
    private readonly pids: () => readonly number[],
  ) {}

  /** Where the runtime writes the pid of a new guest's program. */
  enter(mark: string): string {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    return `${this.folder}/${mark}`;
  }

  leave(mark: string): void {
    rmSync(`${this.folder}/${mark}`, { force: true });
  }

  /** Marks of those whose program still runs. */
  inside(): string[] {
    const pids = new Set(this.pids());
    return marksIn(this.folder).filter((mark) => pids.has(this.pidOf(mark)));
  }

  /**
   * Kills the guest's program, all its descendants, and all that carries its mark, until none is left. The mark alone would not do: sshd
   * writes its title over its environment. Only processes of the sliver are ever killed, whatever the file says.
   */
  kill(mark: string): void {
    for (let pass = 0; pass < PASSES; pass += 1) {
      const parents = new Map(this.pids().map((pid) => [pid, parentOf(pid)]));
      const first = this.pidOf(mark);
      const doomed = new Set([...parents.keys()].filter((pid) => pid === first || isMarked(pid, mark)));
      for (let before = -1; before !== doomed.size; ) {
        before = doomed.size;
        for (const [pid, parent] of parents) if (parent !== null && doomed.has(parent)) doomed.add(pid);
      }
      if (doomed.size === 0) return;
      for (const pid of doomed) kill(pid);
    }
  }

  private pidOf(mark: string): number {
    return Number(read(`${this.folder}/${mark}`) || Number.NaN);
  }
}

function marksIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // nobody was ever here
  }
}

function isMarked(pid: number, mark: string): boolean {
  return read(`/proc/${pid}/environ`)?.split('\0').includes(`${GUEST_MARK}=${mark}`) ?? false;
}

/** The fourth field of stat(5); the second one may hold spaces and brackets. */
function parentOf(pid: number): number | null {
  const stat = read(`/proc/${pid}/stat`);
  return stat ? Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) : null;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // gone meanwhile
  }
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return null;
  }
}
