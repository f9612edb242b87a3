import { existsSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';

const ROOT = '/sys/fs/cgroup';

/** How this host has control groups: v1 (one tree per controller), v2 (one tree), and whether a v2 tree hangs beside v1 ones. */
export type Cgroups = { version: 1 | 2; hybrid: boolean; trees: string[]; missing: string[] };

const NEEDED = ['cpu', 'memory', 'pids'] as const;

export function findCgroups(): Cgroups {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [left, right] = line.split(' - ');
      const type = right?.split(' ')[0] ?? '';
      return type.startsWith('cgroup') ? [{ path: left?.split(' ')[4] ?? '', type }] : [];
    });
  if (mounts.some((m) => m.path === ROOT && m.type === 'cgroup2')) {
    const controllers = readFileSync(`${ROOT}/cgroup.controllers`, 'utf8').trim().split(' ');
    return { version: 2, hybrid: false, trees: [ROOT], missing: NEEDED.filter((c) => !controllers.includes(c)) };
  }
  const trees = mounts.filter((m) => m.type === 'cgroup').map((m) => m.path);
  const names = trees.flatMap((path) => (path.split('/').at(-1) ?? '').split(','));
  return {
    version: 1,
    hybrid: mounts.some((m) => m.type === 'cgroup2'),
    trees,
    missing: [...NEEDED, 'devices', 'freezer'].filter((c) => !names.includes(c)),
  };
}

/** Where a controller's groups are; null for one that this host has not. */
export function treeOf(cgroups: Cgroups, controller: string): string | null {
  if (cgroups.version === 2) return ROOT;
  return cgroups.trees.find((path) => path.split('/').at(-1)?.split(',').includes(controller)) ?? null;
}

/**
 * Does the kernel offer this file in a controller's groups? On v1 the root group has them all; on v2 it has none, so a child of the root is
 * asked, and where there is none it is taken for there: crun says otherwise soon enough.
 */
export function hasKnob(cgroups: Cgroups, controller: string, file: string): boolean {
  const tree =
    cgroups.version === 2
      ? ROOT
      : cgroups.trees.find((path) => path.split('/').at(-1)?.split(',').includes(controller));
  if (!tree) return false;
  if (cgroups.version === 1) return existsSync(`${tree}/${file}`);
  const children = readdirSync(tree, { withFileTypes: true }).filter((e) => e.isDirectory());
  const able = children.filter((e) =>
    existsSync(`${tree}/${e.name}/${controller}.${controller === 'cpu' ? 'weight' : 'current'}`),
  );
  return able.length === 0 || able.some((e) => existsSync(`${tree}/${e.name}/${file}`));
}

/** Every process in the group, of any tree; empty when there is no such group. */
export function processesIn(cgroups: Cgroups, path: string): number[] {
  const pids = new Set<number>();
  for (const tree of cgroups.trees) {
    const file = `${tree}${path}/cgroup.procs`;
    if (!existsSync(file)) continue;
    for (const pid of readFileSync(file, 'utf8').split('\n')) if (pid) pids.add(Number(pid));
  }
  return [...pids];
}

/**
 * Kills all that runs in a group and removes it: for when crun no longer knows the container. Only ever given a path below this node's
 * own group. Returns when the folders are gone, or throws after the time.
 */
export async function destroyCgroup(cgroups: Cgroups, path: string, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  const freezer = `${cgroups.trees.find((tree) => tree.endsWith('/freezer'))}${path}/freezer.state`;
  for (;;) {
    const pids = processesIn(cgroups, path);
    if (pids.length > 0) {
      if (existsSync(freezer)) writeFileSync(freezer, 'FROZEN'); // nobody forks while the list is worked off
      for (const pid of pids) kill(pid);
      if (existsSync(freezer)) writeFileSync(freezer, 'THAWED');
    }
    const left = cgroups.trees
      .map((tree) => tree + path)
      .filter((folder) => existsSync(folder) && !removeFolder(folder));
    if (left.length === 0) return;
    if (Date.now() > deadline) throw new Error(`control group ${left[0]} does not go: ${pids.length} processes in it`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Removes this node's own, now empty, parent group. One that still holds something stays. */
export function removeOwnGroup(cgroups: Cgroups, path: string): void {
  for (const tree of cgroups.trees) removeFolder(tree + path);
}

/** Removes an empty group with the empty groups inside it. */
function removeFolder(folder: string): boolean {
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true }))
      if (entry.isDirectory()) removeFolder(`${folder}/${entry.name}`);
    rmdirSync(folder);
    return true;
  } catch (err) {
    return err instanceof Error && 'code' in err && err.code === 'ENOENT';
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (err) {
    if (!(err instanceof Error && 'code' in err && err.code === 'ESRCH')) throw err;
  }
}
