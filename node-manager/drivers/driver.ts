import type { ResourceVector } from '@/core/resources/vector';
import type { Enforcement } from '@/protocol/node-manager/limits';
import type { Entrance } from './entrance';
import type { SliverNetwork } from './oci/network/sliver-network';

/** What a driver needs to make a sliver. */
export type SliverSpec = {
  /** Safe as a file name and as a container id; the lease's id. */
  id: string;
  slice: string;
  /** URN of the person who answers for it. */
  user?: string;
  /** What `hostname` prints inside. */
  hostname: string;
  resources: ResourceVector;
};

/** `running`; `stopped`: kept, nothing runs; `exited`: should run, but its first process ended. */
export type FoundState = 'running' | 'stopped' | 'exited';

export type ExecResult = {
  exitCode: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
  truncated: boolean;
  timedOut: boolean;
};
export type SliverLogs = { events: string; console: string };
export type ExecOptions = { timeoutMs: number; maxBytes: number; signal: AbortSignal };

/**
 * What a sliver uses, as the host counts it. `cpuMs` counts from when `life` began, and from nothing in the next; bytes never go
 * back. Null: this host does not count it, or has not yet.
 */
export type SliverCounters = {
  life: number;
  cpuMs: number;
  memoryBytes: number;
  pids: number;
  diskBytes: number | null;
  bytesIn: number | null;
  bytesOut: number | null;
};

/**
 * Makes slivers out of whatever the host has. Every step is idempotent: after a crash in the middle of any, the same step
 * again, or `remove`, sets things right. Steps on one sliver never overlap; steps on different ones do.
 */
export interface Driver {
  readonly name: 'oci' | 'simulated';
  /** Names of the images that it has now; it may get more while it runs. */
  readonly images: readonly string[];
  /** None: its slivers have none that leads anywhere. */
  readonly network?: SliverNetwork;
  /** Every sliver of this node that exists in any form, also half made. */
  list(signal: AbortSignal): Promise<ReadonlyMap<string, FoundState>>;
  /** Makes what is missing and starts it; resolves when its first process runs. */
  start(spec: SliverSpec, signal: AbortSignal): Promise<void>;
  /** Ends all its processes; its files stay. */
  stop(id: string, signal: AbortSignal): Promise<void>;
  /** Leaves nothing of it. */
  remove(id: string, signal: AbortSignal): Promise<void>;
  /** How people get into its slivers; null where nothing real runs. */
  readonly entrance: Entrance | null;
  /** Ends it and throws away what it wrote: the next `start` gives it a fresh root. */
  reset(id: string, signal: AbortSignal): Promise<void>;
  /** Other limits for one that runs on. @throws Refused DRIVER_UNABLE where that takes a new start */
  update(spec: SliverSpec, signal: AbortSignal): Promise<void>;
  /**
   * Divides what is not reserved among the slivers that run, by their shares; each is assured 1 ÷ `places` of it. Called when they change;
   * cheap when they did not. Left out by a driver that has nothing to divide.
   */
  divide?(running: ReadonlyMap<string, ResourceVector>, places: number): void;
  /** Adds a line to what is told of the sliver: kept with it, the oldest lines thrown away. Never throws. */
  note(id: string, line: string): void;
  /** The lines noted, and what its first process's output holds: the end of each, at most 64 KiB. */
  logs(id: string): Promise<SliverLogs>;
  /** How well this host keeps slivers to their amounts. */
  readonly enforcement: Enforcement;
  exec(id: string, argv: readonly string[], options: ExecOptions): Promise<ExecResult>;
  /** What each sliver uses that has a process now; none of a driver that has no real ones. Cheap for a thousand. */
  usage(): Promise<ReadonlyMap<string, SliverCounters>>;
  /** Do slivers end without our doing? Then the keeper looks from time to time. */
  readonly auditMs: number | null;
  /** How many steps may run at once. */
  readonly concurrency: number;
  /** Gives back what the driver holds of the host besides slivers. */
  close(): Promise<void>;
}
