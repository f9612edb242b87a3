import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { Refused } from '@/core/errors';
import type { Entrance, Guest, PtyGuest, Size } from '../entrance';
import { SLIVER_ENV } from './config';
import { withSliverLimits } from './exec';
import { GUEST_MARK, GuestBook } from './guests';
import { consoleSocket } from './pty';

const MAX_SAID = 2_000;
const LATE_MS = 300;

type Host = {
  /** Arguments of a crun call. */
  crunArgs: (...args: string[]) => string[];
  /** The container's name. */
  name: (id: string) => string;
  /** Where the sliver's folder lies on the host. */
  folder: (id: string) => string;
  /** Where terminals are handed over, and where guests are written down. */
  sockets: (id: string) => string;
  guests: (id: string) => string;
  pids: (id: string) => number[];
  imageFolder: (image: string) => string | undefined;
};

/** Makes the folder that is mounted into the sliver: its root's, and nobody else's. */
export function makeEntranceFolder(folder: string, uidBase: number): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chownSync(folder, uidBase, uidBase);
}

/** Ways into containers: `crun exec`, with a mark by which a guest's processes are found again. */
export class OciEntrance implements Entrance {
  constructor(private readonly host: Host) {}

  hasProgram(image: string, path: string): boolean {
    const folder = this.host.imageFolder(image);
    return folder !== undefined && existsSync(folder + path);
  }

  isOpen(id: string): boolean {
    return existsSync(this.host.folder(id));
  }

  furnish(id: string, files: Readonly<Record<string, string>>): void {
    const folder = this.host.folder(id);
    const { uid } = statSync(folder);
    for (const [name, text] of Object.entries(files)) {
      const path = `${folder}/${name}`;
      if (existsSync(path) && readFileSync(path, 'utf8') === text) continue;
      writeFileSync(`${path}.new`, text, { mode: 0o600 });
      chownSync(`${path}.new`, uid, uid);
      chmodSync(`${path}.new`, 0o600);
      renameSync(`${path}.new`, path);
    }
  }

  serve(id: string, argv: readonly string[], descriptor: number): Guest {
    const mark = newMark();
    return this.guest(id, mark, this.exec(id, mark, argv, ['TERM=linux'], [], [descriptor, descriptor, 'pipe']));
  }

  async openTerminal(id: string, argv: readonly string[], size: Size): Promise<PtyGuest> {
    const mark = newMark();
    const door = await consoleSocket(this.host.sockets(id));
    try {
      const console = ['--tty', '--console-socket', door.path];
      const child = this.exec(id, mark, argv, ['TERM=xterm-256color', 'LANG=C.UTF-8'], console, 'pipe');
      for (const stream of [child.stdin, child.stdout]) stream?.on('error', () => {}).destroy(); // sockets of its own: see run-tool.ts on /dev/null
      const guest = this.guest(id, mark, child);
      let said = '';
      child.stderr?.on('data', (chunk: Buffer) => {
        said = (said + chunk.toString('utf8')).slice(-MAX_SAID);
      });
      const failed = guest.ended.then(() => {
        throw new Refused('EXEC_FAILED', { problem: said.trim().split('\n').at(-1) || 'it ended at once' });
      });
      failed.catch(() => {});
      const pty = await Promise.race([door.pty, failed]).catch((err: unknown) => {
        guest.end();
        throw err instanceof Refused ? err : new Refused('EXEC_FAILED', { problem: String(err) }, { cause: err });
      });
      pty.resize(size);
      const end = () => {
        guest.end();
        pty.close();
      };
      return { ...guest, end, output: pty.output, write: pty.write, resize: pty.resize };
    } finally {
      door.close();
    }
  }

  guests(id: string): string[] {
    return this.book(id).inside();
  }

  end(id: string, mark: string): void {
    const book = this.book(id);
    book.kill(mark);
    book.leave(mark);
  }

  private book(id: string): GuestBook {
    return new GuestBook(this.host.guests(id), () => this.host.pids(id));
  }

  private exec(
    id: string,
    mark: string,
    argv: readonly string[],
    more: readonly string[],
    options: readonly string[],
    stdio: StdioOptions,
  ): ChildProcess {
    const env = [...SLIVER_ENV.filter((entry) => !entry.startsWith('TERM=')), ...more, `${GUEST_MARK}=${mark}`];
    const pidFile = ['--pid-file', this.book(id).enter(mark)];
    const args = [...options, ...pidFile, ...env.flatMap((entry) => ['--env', entry]), this.host.name(id), ...argv];
    const [command, ...rest] = withSliverLimits(['crun', ...this.host.crunArgs('exec', ...args)]);
    const child = spawn(command, rest, { stdio, detached: true });
    child.unref(); // a guest's stay must not hold up the daemon's end
    return child;
  }

  private guest(id: string, mark: string, child: ChildProcess): Guest {
    const ended = new Promise<{ exitCode: number | null }>((resolve) => {
      child.once('error', () => resolve({ exitCode: null }));
      child.once('exit', (exitCode) => resolve({ exitCode }));
    });
    void ended.then(() => this.book(id).leave(mark));
    return {
      mark,
      said: child.stderr,
      ended,
      end: () => {
        const book = this.book(id);
        book.kill(mark);
        if (child.exitCode !== null || child.signalCode !== null) return;
        child.kill('SIGKILL');
        setTimeout(() => this.end(id, mark), LATE_MS).unref(); // it was just being started
      },
    };
  }
}

function newMark(): string {
  return randomBytes(9).toString('base64url');
}
