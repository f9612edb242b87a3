import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';

/**
 * Which ranges of user ids slivers of this host have, of all its node managers: a file for each, named for its slot, that holds the folder of
 * the sliver it belongs to. In /run: after a restart of the host each sliver claims its own anew.
 */
export class UidRegistry {
  constructor(private readonly folder = '/run/meridian/uids') {}

  /** Takes the slot for a sliver, unless another's sliver has it. Idempotent. */
  claim(slot: number, owner: string): boolean {
    const file = `${this.folder}/${slot}`;
    for (;;) {
      mkdirSync(this.folder, { recursive: true, mode: 0o755 });
      try {
        writeFileSync(file, owner, { flag: 'wx', mode: 0o600 });
        return true;
      } catch (err) {
        if (codeOf(err) === 'ENOENT') continue; // somebody just went, and the folder with them
        if (codeOf(err) !== 'EEXIST') throw err;
      }
      const holder = this.holder(slot);
      if (holder === owner) return true;
      if (holder === null) continue;
      if (holder === '' || existsSync(holder)) return false; // just being written, or somebody's
      // Its sliver is gone without a word. Whole or not at all, and only then it is ours.
      writeFileSync(`${file}.${process.pid}`, owner, { mode: 0o600 });
      renameSync(`${file}.${process.pid}`, file);
      return this.holder(slot) === owner;
    }
  }

  release(slot: number, owner: string): void {
    if (this.holder(slot) === owner) rmSync(`${this.folder}/${slot}`, { force: true });
  }

  /** Forgets slivers that are no more, whosesoever they were: a sliver's folder is there before it claims anything. */
  sweep(): void {
    if (!existsSync(this.folder)) return;
    for (const name of readdirSync(this.folder)) {
      const owner = this.holder(name);
      if (owner && !existsSync(owner)) rmSync(`${this.folder}/${name}`, { force: true });
    }
  }

  /** Gives back the folder when nobody has anything in it. */
  close(): void {
    this.sweep();
    try {
      rmdirSync(this.folder);
    } catch {
      // others' slivers are in it, or it is gone
    }
  }

  private holder(slot: number | string): string | null {
    try {
      return readFileSync(`${this.folder}/${slot}`, 'utf8');
    } catch (err) {
      if (codeOf(err) === 'ENOENT') return null;
      throw err;
    }
  }
}

function codeOf(err: unknown): unknown {
  return err instanceof Error && 'code' in err ? err.code : null;
}
