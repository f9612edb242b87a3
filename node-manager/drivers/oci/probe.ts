import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { CATATONIT_OF_PODMAN, which } from '../../host-programs';
import { type ImageOptions, ImageStore } from '../../images/image-store';
import type { Logger } from '../../log';
import { type Cgroups, findCgroups, hasKnob } from './cgroups';
import { chooseDisk } from './disk/choose-disk';
import type { DiskKind } from './disk/disk';
import type { LimitHost } from './limits';
import { DEFAULT_NETWORK, type NetworkChoices, openNetwork } from './network/open-network';
import { OciDriver, ownNames } from './oci-driver';

const CAP_SYS_ADMIN = 21n;
const PROBE_EXEC_MS = 5_000;

/**
 * The `oci` driver when this host can run slivers as containers, else exactly what is missing, a sentence each. The last word has a
 * container that is made, asked, and removed again: it finds what no list would.
 */
export async function probeOci(
  data: string,
  node: string,
  log: Logger,
  imageOptions: ImageOptions = { folder: `${data}/images`, mirror: null, build: false },
  net: NetworkChoices = DEFAULT_NETWORK,
  /** How to limit disks, instead of the best way that works here. */
  disk: DiskKind | null = null,
): Promise<{ driver: OciDriver; images: ImageStore } | { missing: string[] }> {
  const missing: string[] = [];
  if (process.platform !== 'linux') return { missing: ['Linux'] };
  if (process.getuid?.() !== 0) missing.push(`root (it runs as user ${process.getuid?.() ?? '?'})`);
  else if (!hasCapability(CAP_SYS_ADMIN)) missing.push('the capability CAP_SYS_ADMIN');
  for (const tool of ['crun', 'unshare', 'mount', 'umount', 'setpriv', 'prlimit'])
    if (!which(tool)) missing.push(`the program ${tool}`);
  const init = which('catatonit', [CATATONIT_OF_PODMAN]);
  if (!init) missing.push('the program catatonit');
  const busybox = which('busybox');
  if (!busybox) missing.push('the program busybox (statically linked: package busybox-static)');
  if (!existsSync('/proc/self/ns/user') || readable('/proc/sys/user/max_user_namespaces') === '0')
    missing.push('user namespaces');
  if (!readable('/proc/filesystems')?.includes('overlay')) missing.push('the file system overlay');
  const cgroups = findCgroups();
  for (const controller of cgroups.missing) missing.push(`the cgroup controller ${controller}`);
  if (missing.length > 0 || !init || !busybox) return { missing };

  const images = await ImageStore.open(imageOptions, busybox, log);
  const { runtime } = ownNames(node, data);
  const network = await openNetwork({ data, runtime, ...net, log }, which);
  const driver = new OciDriver({
    data,
    node,
    cgroups,
    init,
    images: images.found,
    network,
    limits: limitHost(cgroups),
    disk: disk ? { kind: disk, unable: ['not asked for'] } : await chooseDisk(data, runtime),
  });
  const problem = await tryOne(driver);
  // A full disk says nothing of what this host can, and what runs must not be left for simulated slivers.
  if (problem === null || FULL.test(problem)) return { driver, images };
  log.debug({ problem }, 'the probe container failed');
  await driver.close();
  return { missing: [`a container that starts (the probe said: ${problem.slice(0, 160)})`] };
}

const FULL = /ENOSPC|EDQUOT|No space left on device|Disk quota exceeded/;

/** Null when a container could be made and answered. */
async function tryOne(driver: OciDriver): Promise<string | null> {
  const id = `probe-${randomBytes(6).toString('hex')}`;
  const { signal } = new AbortController();
  const resources = {
    cpuMilli: 100,
    memoryMiB: 32,
    diskMiB: 1,
    networkKbps: 0,
    cpuShare: 100,
    networkShare: 1,
    pidsMax: 16,
    image: 'tiny',
    profile: 'standard',
  };
  try {
    await driver.start({ id, slice: '', hostname: 'probe', resources });
    const { stdout, stderr } = await driver.exec(id, ['hostname'], {
      timeoutMs: PROBE_EXEC_MS,
      maxBytes: 1000,
      signal,
    });
    return stdout.trim() === 'probe' ? null : stderr.trim() || 'it did not answer';
  } catch (err) {
    return err instanceof Error ? err.message : String(err);
  } finally {
    await driver.remove(id).catch(() => {});
  }
}

function limitHost(cgroups: Cgroups): LimitHost {
  return {
    cgroup: cgroups.version,
    countsSwap: hasKnob(cgroups, 'memory', cgroups.version === 1 ? 'memory.memsw.limit_in_bytes' : 'memory.swap.max'),
    capsCpu: hasKnob(cgroups, 'cpu', cgroups.version === 1 ? 'cpu.cfs_quota_us' : 'cpu.max'),
    cpuMilli: availableParallelism() * 1000,
  };
}

function hasCapability(bit: bigint): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)/m.exec(readable('/proc/self/status') ?? '')?.[1];
  return effective !== undefined && ((BigInt(`0x${effective}`) >> bit) & 1n) === 1n;
}

function readable(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}
