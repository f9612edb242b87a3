import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Cgroups } from './cgroups';
import { runTool, ToolFailed } from './run-tool';

const MAKE_MS = 20_000;
const ASK_MS = 10_000;
const BEGUN_MS = 2_000;

const Listed = z.array(z.object({ id: z.string(), status: z.string(), pid: z.int() })).nullable();

/** crun with one state folder of ours: other containers of the host are out of its sight. */
export class Crun {
  constructor(
    private readonly root: string,
    private readonly cgroups: Cgroups,
  ) {}

  /** Arguments of a crun call, for those who spawn it themselves. */
  args(...args: string[]): string[] {
    return ['--root', this.root, '--cgroup-manager=cgroupfs', ...args];
  }

  /**
   * Makes a container whose first process waits to be started, and gives that process's id: now its namespaces can be furnished. Where a
   * v2 tree hangs beside v1 ones crun refuses: it gets to see the host without that tree. `stdout`: an open file for what its first process
   * writes.
   */
  async create(id: string, bundle: string, stdout?: number): Promise<number> {
    const pidFile = `${bundle}/pid`;
    const args = this.args('create', '--pid-file', pidFile, '--bundle', bundle, id);
    const options = { timeoutMs: MAKE_MS, keeps: true, ...(stdout === undefined ? {} : { stdout }) };
    if (!this.cgroups.hybrid) await runTool('crun', args, options);
    else {
      const script = 'umount /sys/fs/cgroup/unified && exec crun "$@"';
      await runTool('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script, 'crun', ...args], options);
    }
    return z.coerce.number().int().positive().parse(readFileSync(pidFile, 'utf8'));
  }

  /** Lets the first process of a container that was made go. Before it is what it shall be, nobody can join it. */
  async start(id: string, pid: number): Promise<void> {
    await runTool('crun', this.args('start', id), { timeoutMs: MAKE_MS });
    const deadline = Date.now() + BEGUN_MS;
    while (isCrun(pid) && Date.now() < deadline) await sleep(1);
  }

  /** Other limits for a container that runs on. `resources`: a file with runtime-spec's linux.resources. */
  async update(id: string, resources: string): Promise<void> {
    await runTool('crun', this.args('update', '--resources', resources, id), { timeoutMs: MAKE_MS });
  }

  /** Whether it has any word of a container, without asking it. */
  knows(id: string): boolean {
    return existsSync(`${this.root}/${id}`);
  }

  /** Ends all its processes and removes it with its control group. One that does not exist is fine. */
  async delete(id: string): Promise<void> {
    try {
      await runTool('crun', this.args('delete', '--force', id), { timeoutMs: MAKE_MS });
    } catch (err) {
      if (!(err instanceof ToolFailed) || !/does not exist|No such file/i.test(err.said)) throw err;
    }
  }

  /** State and first process of every container. */
  async list(): Promise<Map<string, { running: boolean; pid: number }>> {
    const text = await runTool('crun', this.args('list', '--format', 'json'), { timeoutMs: ASK_MS, capture: true });
    const listed = Listed.parse(JSON.parse(text.trim() || '[]')) ?? [];
    return new Map(listed.map(({ id, status, pid }) => [id, { running: status === 'running', pid }]));
  }
}

/** Is it crun still, on its way to the container's first program? */
function isCrun(pid: number): boolean {
  try {
    return /^(\S*\/)?crun\0/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
  } catch {
    return false; // ended already
  }
}
