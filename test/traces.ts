import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownNames } from '@/node-manager/drivers/oci/oci-driver';
import { nodeUrnIn } from '@/node-manager/enrolment/enrolment';

/** What a running system has on a host that must not outlive it. Each entry names one thing. */
export type Traces = {
  processes: string[];
  mounts: string[];
  cgroups: string[];
  links: string[];
  tables: string[];
  namespaces: string[];
  containers: string[];
};

/**
 * Processes, mounts, cgroups, links and packet filter of the system on `data`; network namespaces and default containers of the whole
 * host. Another system beside it leaves no trace here.
 */
export function traces(data: string): Traces {
  const tag = tagOf(data);
  const own = (line: string) => tag !== null && line.includes(tag);
  return {
    processes: processesOf(data),
    mounts: readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .filter((line) => line.includes(data)),
    cgroups: cgroups('/sys/fs/cgroup', 4).filter(own).sort(),
    links: lines('ip', ['-o', 'link']).filter(own),
    tables: lines('nft', ['list', 'tables']).filter(own),
    namespaces: lines('ip', ['netns', 'list']),
    containers: lines('crun', ['list', '-q']),
  };
}

/** What stands in `after` and not in `before`, in one list: empty when nothing was left behind. */
export function leftBehind(before: Traces, after: Traces): string[] {
  return (Object.keys(before) as (keyof Traces)[]).flatMap((kind) =>
    after[kind].filter((entry) => !before[kind].includes(entry)).map((entry) => `${kind}: ${entry}`),
  );
}

function processesOf(data: string): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return [];
    try {
      const of = (file: string) =>
        readFileSync(join('/proc', pid, file), 'utf8')
          .replaceAll('\0', ' ')
          .trim();
      const mine = of('environ').includes(`MERIDIAN_DATA=${data}`) || of('cmdline').includes(data);
      return mine && !of('stat').includes(') Z ') ? [`${pid} ${of('cmdline')}`] : [];
    } catch {
      return []; // it ended while we looked
    }
  });
}

/** What the system's own node marks all that it makes with; null before it is enrolled. */
function tagOf(data: string): string | null {
  const node = nodeUrnIn(join(data, 'node', 'enrolment.json'));
  return node && ownNames(node, join(data, 'node')).tag;
}

function cgroups(folder: string, depth: number): string[] {
  if (depth === 0) return [];
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .flatMap((entry) => [join(folder, entry.name), ...cgroups(join(folder, entry.name), depth - 1)]);
  } catch {
    return [];
  }
}

function lines(program: string, args: string[]): string[] {
  const { stdout } = spawnSync(program, args, { encoding: 'utf8' });
  return (stdout ?? '').split('\n').filter(Boolean);
}
