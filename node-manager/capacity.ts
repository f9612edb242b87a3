import { statfsSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import type { HardAmounts } from '@/core/resources/vector';

const MIB = 1_048_576;

/** What a host offers when its owner says nothing: all cores, three quarters of the memory, half of the free disk, 100 Mbit/s. */
export function hostCapacity(dataDirectory: string): HardAmounts {
  const disk = statfsSync(dataDirectory);
  return {
    cpuMilli: availableParallelism() * 1000,
    memoryMiB: Math.floor((totalmem() / MIB) * 0.75),
    diskMiB: Math.floor((disk.bavail * disk.bsize) / MIB / 2),
    networkKbps: 100_000,
  };
}

/** What a simulated node offers when its manifest says nothing. */
export const SIMULATED_CAPACITY: HardAmounts = {
  cpuMilli: 8_000,
  memoryMiB: 16_384,
  diskMiB: 262_144,
  networkKbps: 1_000_000,
};
