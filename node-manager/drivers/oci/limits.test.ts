import { describe, expect, test } from 'vitest';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import { candidates, mountOf } from './disk/choose-disk';
import { quotaArgs } from './disk/quotas';
import { type LimitHost, resourceLimits, unenforced } from './limits';
import { seccompFilter } from './seccomp';

const host: LimitHost = { cgroup: 1, countsSwap: true, capsCpu: true, cpuMilli: 4000 };
const r = { ...DEFAULT_RESOURCES, cpuMilli: 500, memoryMiB: 64, pidsMax: 48 };

describe('limits as the kernel is told', () => {
  test('on v1: memory with swap, processes, shares and a cap', () => {
    expect(resourceLimits(r, host)).toEqual({
      memory: { limit: 67_108_864, swap: 67_108_864 },
      pids: { limit: 48 },
      cpu: { shares: 33_423, period: 100_000, quota: 200_000 },
    });
  });
  test('on v2 the memory is held back for it too', () => {
    expect(resourceLimits(r, { ...host, cgroup: 2 })).toMatchObject({
      memory: { limit: 67_108_864 },
      unified: { 'memory.low': '67108864', 'memory.oom.group': '0' },
    });
  });
  test('what a host cannot do is left out, and said', () => {
    const poor = { ...host, countsSwap: false, capsCpu: false };
    expect(resourceLimits(r, poor).memory).toEqual({ limit: 67_108_864 });
    expect(resourceLimits(r, poor).cpu).toEqual({ shares: 33_423 });
    const said = unenforced(poor, { kind: 'plain', unable: ['tmpfs: no'] });
    expect(said.map(({ resource }) => resource)).toEqual(['memoryMiB', 'cpuMilli', 'diskMiB']);
    expect(unenforced(host, { kind: 'ext4-image', unable: [] })).toEqual([]);
  });
});

describe('a way to limit the disk', () => {
  const info = [
    '1 0 254:0 / / rw - ext4 /dev/vda rw,relatime',
    '2 1 8:1 / /srv rw - xfs /dev/sda1 rw,prjquota',
    '3 1 8:2 / /srv/with\\040space rw - btrfs /dev/sdb rw',
  ].join('\n');
  test('follows the file system that the data lies on', () => {
    expect(candidates(mountOf('/var/lib/meridian', info))).toEqual(['ext4-image', 'tmpfs']);
    expect(candidates(mountOf('/srv/node', info))[0]).toBe('project-quota');
    expect(candidates(mountOf('/srv/with space/node', info))[0]).toBe('btrfs');
    expect(mountOf('/srvx', info)?.path).toBe('/');
  });
  test('a project quota bounds blocks and files, and is lifted by zeros', () => {
    expect(quotaArgs(77, 512, '/srv')).toEqual(['-P', '77', '0', '524288', '0', '32768', '/srv']);
    expect(quotaArgs(77, 0, '/srv')).toEqual(['-P', '77', '0', '0', '0', '0', '/srv']);
  });
});

test('the filter names the calls of this processor and its smaller brothers only', () => {
  expect(seccompFilter('x64').architectures).toContain('SCMP_ARCH_X86');
  expect(seccompFilter('arm64').architectures).toEqual(['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM']);
  expect(seccompFilter('riscv64')).not.toHaveProperty('architectures');
});
