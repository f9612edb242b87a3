import { z } from 'zod';
import type { Cgroups } from './cgroups';
import { runTool, ToolFailed } from './run-tool';

const MAKE_MS = 20_000;
const ASK_MS = 10_000;

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

  /** Makes and starts a container. Where a v2 tree hangs beside v1 ones crun refuses: it gets to see the host without that tree. */
  async run(id: string, bundle: string): Promise<void> {
    const args = this.args('run', '--detach', '--bundle', bundle, id);
    if (!this.cgroups.hybrid) await runTool('crun', args, { timeoutMs: MAKE_MS, keeps: true });
    else {
      const script = 'umount /sys/fs/cgroup/unified && exec crun "$@"';
      await runTool('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script, 'crun', ...args], {
        timeoutMs: MAKE_MS,
        keeps: true,
      });
    }
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
