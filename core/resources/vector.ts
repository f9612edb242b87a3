/**
 * The resource vector of a ticket, lease or sliver. Hard amounts are admitted against capacity for every instant of the
 * term; shares are weights (1 to 1000) that divide what is left.
 */
export type HardAmounts = {
  /** Milli-cores: 1000 is one core. */
  cpuMilli: number;
  memoryMiB: number;
  diskMiB: number;
  networkKbps: number;
};

export type ResourceVector = HardAmounts & {
  cpuShare: number;
  networkShare: number;
  pidsMax: number;
  image: string;
  profile: string;
};

export const HARD_RESOURCES = ['cpuMilli', 'memoryMiB', 'diskMiB', 'networkKbps'] as const;
export type HardResource = (typeof HARD_RESOURCES)[number];

export const NOTHING: HardAmounts = { cpuMilli: 0, memoryMiB: 0, diskMiB: 0, networkKbps: 0 };

export function hardOf(v: HardAmounts): HardAmounts {
  return { cpuMilli: v.cpuMilli, memoryMiB: v.memoryMiB, diskMiB: v.diskMiB, networkKbps: v.networkKbps };
}

export function add(a: HardAmounts, b: HardAmounts): HardAmounts {
  return {
    cpuMilli: a.cpuMilli + b.cpuMilli,
    memoryMiB: a.memoryMiB + b.memoryMiB,
    diskMiB: a.diskMiB + b.diskMiB,
    networkKbps: a.networkKbps + b.networkKbps,
  };
}

export function subtract(a: HardAmounts, b: HardAmounts): HardAmounts {
  return {
    cpuMilli: a.cpuMilli - b.cpuMilli,
    memoryMiB: a.memoryMiB - b.memoryMiB,
    diskMiB: a.diskMiB - b.diskMiB,
    networkKbps: a.networkKbps - b.networkKbps,
  };
}

/** The amounts times a whole number. */
export function times(a: HardAmounts, n: number): HardAmounts {
  return {
    cpuMilli: a.cpuMilli * n,
    memoryMiB: a.memoryMiB * n,
    diskMiB: a.diskMiB * n,
    networkKbps: a.networkKbps * n,
  };
}

/** The capacity times a degree of oversubscription in thousandths (1000 = none), rounded down. */
export function oversubscribed(a: HardAmounts, degreeMilli: number): HardAmounts {
  const scale = (n: number) => Math.floor((n * degreeMilli) / 1000);
  return {
    cpuMilli: scale(a.cpuMilli),
    memoryMiB: scale(a.memoryMiB),
    diskMiB: scale(a.diskMiB),
    networkKbps: scale(a.networkKbps),
  };
}

/** The first resource of which `want` is more than `have`, or null when all fit. */
export function firstShort(want: HardAmounts, have: HardAmounts): HardResource | null {
  return HARD_RESOURCES.find((r) => want[r] > have[r]) ?? null;
}
