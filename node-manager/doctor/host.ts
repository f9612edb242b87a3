import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { CATATONIT_OF_PODMAN, which as findProgram } from '../host-programs';

const TOOL_MS = 5_000;

/** A file's text without what surrounds it; empty when it cannot be read. */
export function text(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

/** Where a program is, or null. */
export const which = (program: string): string | null => findProgram(program, [CATATONIT_OF_PODMAN]);

/** What a program says, stdout and stderr; null when it fails. Bounded in time. */
export function says(program: string, ...args: string[]): string | null {
  const run = spawnSync(which(program) ?? program, args, { encoding: 'utf8', timeout: TOOL_MS });
  return run.status === 0 ? `${run.stdout}${run.stderr}` : null;
}

const CAPABILITY_BITS = {
  CHOWN: 0, DAC_OVERRIDE: 1, FOWNER: 3, KILL: 5, SETGID: 6, SETUID: 7, SETPCAP: 8, NET_ADMIN: 12, SYS_CHROOT: 18, SYS_PTRACE: 19,
  SYS_ADMIN: 21, SYS_RESOURCE: 24, MKNOD: 27, SETFCAP: 31,
} as const; // biome-ignore format: a list to read

/** Which of the capabilities that a node manager uses this process lacks. */
export function lackingCapabilities(): string[] {
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(text('/proc/self/status'))?.[1] ?? '0'}`);
  return Object.entries(CAPABILITY_BITS).flatMap(([name, bit]) => ((effective >> BigInt(bit)) & 1n ? [] : [name]));
}

/** Options of the mount that a path lies on, and its file system's name. */
export function mountOf(path: string): { type: string; options: string[] } {
  let best = { point: '', type: '', options: [] as string[] };
  for (const line of text('/proc/self/mountinfo').split('\n')) {
    const [left = '', right = ''] = line.split(' - ');
    const point = left.split(' ')[4] ?? '';
    const inside = path === point || path.startsWith(point.endsWith('/') ? point : `${point}/`);
    if (inside && point.length >= best.point.length)
      best = { point, type: right.split(' ')[0] ?? '', options: (right.split(' ')[2] ?? '').split(',') };
  }
  return best;
}
