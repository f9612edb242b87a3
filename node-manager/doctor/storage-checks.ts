import { existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Finding, less, missing, ok } from './finding';
import { mountOf, text, which } from './host';

const GIB = 2 ** 30;
/** Less does not hold the base image and a journal; below the second, few slivers. */
const LEAST_BYTES = GIB;
const SCANT_BYTES = 10 * GIB;

/** Where slivers' files go: looked up, nothing is made. `data`: the node's folder, which need not be there yet. */
export function storageChecks(data: string, images: string): Finding[] {
  const folder = nearest(data);
  return [space(folder), diskLimits(), projectQuota(folder), baseImage(images)];
}

function nearest(path: string): string {
  return existsSync(path) ? path : nearest(dirname(path));
}

function space(folder: string): Finding {
  const { bavail, blocks, bsize } = statfsSync(folder);
  const found = `${((bavail * bsize) / GIB).toFixed(1)} of ${((blocks * bsize) / GIB).toFixed(1)} GiB are free at ${folder}`;
  if (bavail * bsize < LEAST_BYTES)
    return missing('disk-space', found, 'make room, or set MERIDIAN_NODE_DATA to a larger disk');
  return bavail * bsize < SCANT_BYTES
    ? less('disk-space', found, 'make room, or set MERIDIAN_NODE_DATA to a larger disk')
    : ok('disk-space', found);
}

/** A disk limit is a file system of the sliver's own in a file. */
function diskLimits(): Finding {
  if (!existsSync('/dev/loop-control')) return less('disk-limits', 'no loop devices', 'modprobe loop');
  if (!which('mkfs.ext4'))
    return less('disk-limits', 'the program mkfs.ext4 is not installed', 'apt-get install -y e2fsprogs');
  if (!/\bext4$/m.test(text('/proc/filesystems')))
    return less('disk-limits', 'the kernel does not have ext4', 'modprobe ext4');
  return ok('disk-limits', 'ext4 in a loop device');
}

function projectQuota(folder: string): Finding {
  const { type, options } = mountOf(folder);
  if (options.some((option) => option === 'prjquota' || option === 'pquota'))
    return ok('project-quota', `on, on ${type}`);
  const mend =
    type === 'xfs'
      ? 'mount the file system with the option prjquota'
      : type === 'ext4'
        ? 'unmount it, then: tune2fs -O project,quota -Q prjquota <device>, and mount with prjquota'
        : null;
  return less(
    'project-quota',
    `off: ${folder} is on ${type || 'an unknown file system'}; each disk limit costs a file system of its own`,
    mend,
  );
}

function baseImage(images: string): Finding {
  if (existsSync(`${images}/base/usr/sbin/sshd`)) return ok('image-base', 'built, with sshd');
  if (existsSync(`${images}/base`))
    return less(
      'image-base',
      'built, without sshd',
      `rm -r ${images}/base, and start the node manager: it builds it anew`,
    );
  return which('mmdebstrap')
    ? less('image-base', 'not built yet: the node manager builds it beside its work')
    : less('image-base', 'not built, and the program mmdebstrap is not installed', 'apt-get install -y mmdebstrap');
}
