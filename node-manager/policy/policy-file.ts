import { closeSync, fstatSync, openSync, readFileSync, type Stats, statSync, watch } from 'node:fs';
import { Refused } from '@/core/errors';
import { OPEN_POLICY, type OwnerPolicy } from '@/core/node/owner-policy';
import { sentence } from '@/core/refusal-sentence';
import { MAX_POLICY_BYTES, parsePolicy } from '@/protocol/node-manager/policy';
import { writeWhole } from '../enrolment/enrolment';
import type { Logger } from '../log';

/** Where a node finds its owner's policy: what holds now, and what is wrong with what was written last. */
export interface PolicySource {
  readonly current: OwnerPolicy;
  readonly problem: string | null;
  /** Called after each change of either. */
  onChange: (() => void) | null;
  close(): void;
}

/** A node whose owner lays nothing down. */
export function openPolicy(): PolicySource {
  return { current: OPEN_POLICY, problem: null, onChange: null, close: () => {} };
}

/** Not every file system tells of changes. */
const LOOK_MS = 2_000;
/** An editor writes in several steps. */
const SETTLE_MS = 30;

/**
 * The owner's policy in a file, followed as it changes. A bad edit changes nothing: what held before goes on, and `problem` says
 * why, in words. It also holds over a restart: what was last good is kept beside it. A file that is bad when nothing was ever
 * good closes the node. Without a file the owner lays nothing down.
 */
export class PolicyFile implements PolicySource {
  current: OwnerPolicy = OPEN_POLICY;
  problem: string | null = null;
  onChange: (() => void) | null = null;
  private seen = '';
  private readonly stop: () => void;

  constructor(
    private readonly path: string,
    private readonly log: Logger,
  ) {
    this.current = this.lastGood();
    this.look();
    let settling: NodeJS.Timeout | null = null;
    const soon = () => {
      settling ??= setTimeout(() => {
        settling = null;
        this.look();
      }, SETTLE_MS).unref();
    };
    const slash = path.lastIndexOf('/');
    const name = path.slice(slash + 1);
    // The folder, since editors put a new file in the old one's place. What else happens in it is no concern of ours.
    const watcher = watch(path.slice(0, slash), { persistent: false }, (_, file) => file === name && soon());
    watcher.on('error', (err) => this.log.warn({ err }, 'changes of the policy are seen later from now on'));
    const timer = setInterval(() => this.look(), LOOK_MS).unref();
    this.stop = () => {
      watcher.close();
      clearInterval(timer);
      if (settling) clearTimeout(settling);
    };
  }

  close(): void {
    this.stop();
  }

  /** Reads the file when it is another one than last time. */
  private look(): void {
    const { current, problem } = this;
    try {
      const stat = statSync(this.path, { throwIfNoEntry: false });
      const seen = stat ? fingerprint(stat) : 'none';
      if (seen === this.seen) return;
      this.seen = seen;
      this.current = stat ? parsePolicy(this.read()) : OPEN_POLICY;
      this.problem = null;
      if (stat) writeWhole(`${this.path}.good`, JSON.stringify(this.current));
    } catch (err) {
      const why = err instanceof Refused ? sentence(err.reason) : err instanceof Error ? err.message : 'not understood';
      this.problem = `The policy in ${this.path} is not used, and the last good one holds. ${why}`;
      this.log.error({ path: this.path, problem: why }, 'the owner’s policy cannot be used: the last good one holds');
    }
    if (this.problem === null && JSON.stringify(current) !== JSON.stringify(this.current))
      this.log.info({ policy: this.current }, 'the owner’s policy holds from now on');
    if (this.problem !== problem || JSON.stringify(current) !== JSON.stringify(this.current)) this.onChange?.();
  }

  private read(): string {
    const fd = openSync(this.path, 'r');
    try {
      const stat = fstatSync(fd);
      if (!stat.isFile()) throw new Refused('INVALID_INPUT', { field: 'policy', problem: 'is not a file' });
      if (stat.mode & 0o022)
        throw new Refused('INVALID_INPUT', { field: 'policy', problem: 'others may write it: chmod 600 the file' });
      if (stat.size > MAX_POLICY_BYTES)
        throw new Refused('INVALID_INPUT', { field: 'policy', problem: `is longer than ${MAX_POLICY_BYTES} bytes` });
      return readFileSync(fd, 'utf8');
    } finally {
      closeSync(fd);
    }
  }

  /** What held when the file was last good; closed when there is none although a file is there. */
  private lastGood(): OwnerPolicy {
    try {
      return parsePolicy(readFileSync(`${this.path}.good`, 'utf8'));
    } catch {
      return { ...OPEN_POLICY, adminSwitch: 'closed' };
    }
  }
}

function fingerprint({ ino, size, mtimeMs, ctimeMs, mode }: Stats): string {
  return [ino, size, mtimeMs, ctimeMs, mode].join(' ');
}
