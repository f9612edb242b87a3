import { readdirSync, readFileSync, statSync } from 'node:fs';
import type { Cgroups } from './cgroups';

/** What a control group's members use. `cpuMs` counts since the group was made; `life` tells groups of one name apart. */
export type GroupUse = { life: number; cpuMs: number; memoryBytes: number; pids: number };

const NS_PER_MS = 1_000_000;
const US_PER_MS = 1_000;
/** So many groups are read before others get a turn: some 10 ms. */
const AT_ONCE = 100;

/**
 * What each group inside of `path` uses, by its folder's name: four small files each. A group that goes meanwhile is left out.
 */
export async function readGroups(cgroups: Cgroups, path: string): Promise<Map<string, GroupUse>> {
  const read = cgroups.version === 2 ? versionTwo(cgroups, path) : versionOne(cgroups, path);
  const found = new Map<string, GroupUse>();
  let turn = 0;
  for (const name of read ? folders(read.tree) : []) {
    const use = read?.one(name);
    if (use) found.set(name, use);
    if (++turn % AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return found;
}

type Reader = { tree: string; one: (name: string) => GroupUse | null };

function versionOne(cgroups: Cgroups, path: string): Reader | null {
  const tree = (controller: string) =>
    cgroups.trees.find((each) =>
      each
        .slice(each.lastIndexOf('/') + 1)
        .split(',')
        .includes(controller),
    ) + path;
  const [cpu, memory, pids] = [tree('cpuacct'), tree('memory'), tree('pids')];
  return {
    tree: memory,
    one: (name) =>
      orGone(() => ({
        life: statSync(`${memory}/${name}`).ino,
        cpuMs: Math.floor(Number(text(`${cpu}/${name}/cpuacct.usage`)) / NS_PER_MS),
        memoryBytes: workingSet(
          Number(text(`${memory}/${name}/memory.usage_in_bytes`)),
          text(`${memory}/${name}/memory.stat`),
          'total_inactive_file',
        ),
        pids: Number(text(`${pids}/${name}/pids.current`)),
      })),
  };
}

function versionTwo(cgroups: Cgroups, path: string): Reader {
  const tree = `${cgroups.trees[0]}${path}`;
  return {
    tree,
    one: (name) =>
      orGone(() => ({
        life: statSync(`${tree}/${name}`).ino,
        cpuMs: Math.floor(field(text(`${tree}/${name}/cpu.stat`), 'usage_usec') / US_PER_MS),
        memoryBytes: workingSet(
          Number(text(`${tree}/${name}/memory.current`)),
          text(`${tree}/${name}/memory.stat`),
          'inactive_file',
        ),
        pids: Number(text(`${tree}/${name}/pids.current`)),
      })),
  };
}

/** Without files that the kernel caches and has not seen used lately: what it would drop before anything else. */
function workingSet(usedBytes: number, stat: string, inactive: string): number {
  return Math.max(0, usedBytes - field(stat, inactive));
}

function field(text: string, name: string): number {
  const at = text.startsWith(`${name} `) ? 0 : text.indexOf(`\n${name} `) + 1;
  return at === 0 && !text.startsWith(`${name} `) ? 0 : Number.parseInt(text.slice(at + name.length + 1), 10) || 0;
}

function folders(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true }).flatMap((each) => (each.isDirectory() ? [each.name] : []));
  } catch (err) {
    if (isGone(err)) return []; // no sliver was ever made
    throw err;
  }
}

function orGone<T>(read: () => T): T | null {
  try {
    return read();
  } catch (err) {
    if (isGone(err)) return null;
    throw err;
  }
}

/** ENODEV: the group went between the file's opening and its reading. */
function isGone(err: unknown): boolean {
  return err instanceof Error && 'code' in err && (err.code === 'ENOENT' || err.code === 'ENODEV');
}

function text(path: string): string {
  return readFileSync(path, 'utf8');
}
