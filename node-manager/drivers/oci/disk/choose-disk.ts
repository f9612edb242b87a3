import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { runTool } from '../run-tool';
import { DISK_KINDS, type DiskKind, type DiskLimit } from './disk';
import { ext4Image } from './ext4-image';
import { btrfs, projectQuota } from './quotas';
import { plain, tmpfs } from './tmpfs';

type MountPoint = { path: string; type: string; options: string };

/** What a path's file system is, by /proc/self/mountinfo: the last mount whose path holds it. Pure. */
export function mountOf(path: string, mountinfo: string): MountPoint | null {
  let best: MountPoint | null = null;
  for (const line of mountinfo.split('\n')) {
    const [left, right] = line.split(' - ');
    const at = (left?.split(' ')[4] ?? '').replace(/\\(\d{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8)));
    if (!right || !(path === at || at === '/' || path.startsWith(`${at}/`))) continue;
    const [type = '', , options = ''] = right.split(' ');
    if (!best || at.length >= best.path.length) best = { path: at, type, options };
  }
  return best;
}

/** By preference: what could limit a sliver's disk on such a file system, before it is tried. Pure. */
export function candidates(mount: MountPoint | null): DiskKind[] {
  const quota = mount?.options.split(',').some((o) => o === 'prjquota' || o === 'pquota');
  return [
    ...(quota && (mount?.type === 'ext4' || mount?.type === 'xfs') ? ['project-quota' as const] : []),
    ...(mount?.type === 'btrfs' ? ['btrfs' as const] : []),
    'ext4-image',
    'tmpfs',
  ];
}

/** Every way by its name, for the file system that holds the data: slivers keep the one that they were made with. */
export function diskLimits(data: string): ReadonlyMap<DiskKind, DiskLimit> {
  const mountPoint = mountOf(data, readFileSync('/proc/self/mountinfo', 'utf8'))?.path ?? '/';
  const all = [projectQuota(mountPoint), btrfs, ext4Image, tmpfs, plain];
  return new Map(DISK_KINDS.flatMap((kind) => all.filter((one) => one.kind === kind).map((one) => [kind, one])));
}

/**
 * The best way to limit a sliver's disk on this host: each is tried on a folder of its own, cheapest first. Gives also why those before it
 * would not do.
 */
export async function chooseDisk(data: string, run: string): Promise<{ kind: DiskKind; unable: string[] }> {
  const ways = diskLimits(data);
  const unable: string[] = [];
  await sweep(data, run, ways);
  for (const kind of candidates(mountOf(data, readFileSync('/proc/self/mountinfo', 'utf8')))) {
    const way = ways.get(kind);
    const name = `.probe-${process.pid}`;
    const place = { at: `${data}/slivers/${name}`, run: `${run}/${name}`, slot: 15 };
    for (const folder of [place.at, place.run]) mkdirSync(folder, { recursive: true, mode: 0o711 }); // slivers' users pass
    try {
      await way?.open(place, 16);
      await way?.settle(place);
      return { kind, unable };
    } catch (err) {
      unable.push(`${kind}: ${err instanceof Error ? err.message : String(err)}`.slice(0, 200));
    } finally {
      await clear(place, way ? [way] : []);
    }
  }
  return { kind: 'plain', unable };
}

type Place = Parameters<DiskLimit['remove']>[0];

async function clear(place: Place, ways: Iterable<DiskLimit>): Promise<void> {
  for (const way of ways) await way.remove(place).catch(() => {});
  await runTool('rm', ['-rf', '--one-file-system', place.at, place.run], { timeoutMs: 10_000 }).catch(() => {});
}

/** What a program left that was killed while it tried. */
async function sweep(data: string, run: string, ways: ReadonlyMap<DiskKind, DiskLimit>): Promise<void> {
  const names = new Set([`${data}/slivers`, run].filter(existsSync).flatMap((folder) => readdirSync(folder)));
  for (const name of names) {
    const pid = /^\.probe-(\d+)$/.exec(name)?.[1];
    if (!pid || existsSync(`/proc/${pid}`)) continue;
    await clear({ at: `${data}/slivers/${name}`, run: `${run}/${name}`, slot: 15 }, ways.values());
  }
}
