import { cpuShares } from '@/core/admission/shares';
import type { ResourceVector } from '@/core/resources/vector';
import type { Unenforced } from '@/protocol/node-manager/limits';

const MIB = 1_048_576;
export const CPU_PERIOD_US = 100_000;

/** What of a host decides how its kernel is told a sliver's limits. */
export type LimitHost = {
  cgroup: 1 | 2;
  /** Does the kernel count swap? Without, memory is limited and what is swapped out is not. */
  countsSwap: boolean;
  /** Can a group be held to a part of the processors at all? */
  capsCpu: boolean;
  cpuMilli: number;
};

/**
 * The amounts as runtime-spec's linux.resources. On v2 the memory is also protected: others' hunger does not take it before they are at
 * theirs. Pure.
 */
export function resourceLimits(r: ResourceVector, host: LimitHost) {
  const bytes = r.memoryMiB * MIB;
  const { shares, period, quota } = cpuLimits(r, host.cpuMilli);
  return {
    memory: { limit: bytes, ...(host.countsSwap ? { swap: bytes } : {}) },
    pids: { limit: r.pidsMax },
    cpu: { shares, ...(host.capsCpu ? { period, quota } : {}) },
    ...(host.cgroup === 2 ? { unified: { 'memory.low': String(bytes), 'memory.oom.group': '0' } } : {}),
  };
}

/**
 * What a sliver starts with: at least its reservation holds. Its share of the rest depends on who else runs, and is written as soon as
 * it does (CpuDivision).
 */
export function cpuLimits(r: Pick<ResourceVector, 'cpuMilli' | 'cpuShare'>, hostCpuMilli: number) {
  const shares = cpuShares(r.cpuMilli + r.cpuShare / 10, hostCpuMilli);
  const capMilli = cpuCapMilli(r.cpuMilli, hostCpuMilli);
  return { shares, period: CPU_PERIOD_US, quota: Math.round((capMilli * CPU_PERIOD_US) / 1000) };
}

/** What is idle may be used by anyone, up to half of the machine, or the reservation where that is more. */
export function cpuCapMilli(reservedMilli: number, hostCpuMilli: number): number {
  return Math.max(reservedMilli, Math.floor(hostCpuMilli / 2), 100);
}

/** What of a resource vector this host's kernel does not hold slivers to, with why and what follows. Pure. */
export function unenforced(host: LimitHost, disk: { kind: string; unable: readonly string[] }): Unenforced[] {
  return [
    ...(host.countsSwap
      ? []
      : [{ resource: 'memoryMiB' as const, why: 'the kernel does not count swap: start it with swapaccount=1' }]),
    ...(host.capsCpu
      ? []
      : [{ resource: 'cpuMilli' as const, why: 'the kernel has no CPU bandwidth control: only shares divide it' }]),
    ...(disk.kind === 'plain'
      ? [{ resource: 'diskMiB' as const, why: `no way to limit a disk works here: ${disk.unable.join('; ')}` }]
      : []),
  ];
}
