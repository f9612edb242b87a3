import type { ResourceVector } from '@/core/resources/vector';
import type { FlowQuery } from './flows/flow';
import type { FlowsFound } from './flows/flow-ring';

/** What a network must know of a sliver. */
export type NetworkSliver = {
  /** The lease's id. */
  id: string;
  slice: string;
  /** URN of the person who answers for it. */
  user: string;
  resources: Pick<ResourceVector, 'networkKbps' | 'networkShare'>;
};

/** Bytes of a sliver since it was made, over all its starts and the daemon's: never less than was said before. */
export type NetworkUsage = { receivedBytes: number; sentBytes: number };

/** A port of the node that leads to one of a sliver. */
export type PublishedPort = {
  protocol: 'tcp' | 'udp';
  /** The node's. */
  external: number;
  /** The sliver's. */
  internal: number;
  /** Prefixes that may use it, IPv4 and IPv6; empty: everybody. */
  sources: readonly string[];
};

/** A file of the host that a sliver sees read-only, such as its resolv.conf. */
export type NetworkFile = { source: string; destination: string };

/** Can be asked who sent something. */
export interface FlowLog {
  find(query: FlowQuery, limit: number): Promise<FlowsFound>;
}

/**
 * The network of a node's slivers. Every step is idempotent: after a crash in the middle of any, the same step again, or `detach`, sets
 * things right. Steps on one sliver never overlap; steps on different ones do.
 */
export interface SliverNetwork {
  /** Who spoke to whom; none where nobody watches. */
  readonly flows?: FlowLog;
  /** What this host lacks for a network, a sentence each; empty when it lacks nothing. */
  readonly missing: readonly string[];
  /** What the sliver shall find in its file system, before it is made. */
  files(id: string): readonly NetworkFile[];
  /** Connects the network namespace of the sliver's first process, which has not run yet. */
  attach(sliver: NetworkSliver, pid: number): Promise<void>;
  /** Nothing of it is connected or reachable any more; its address and its bytes are kept. */
  detach(id: string): Promise<void>;
  /** As `detach`, and nothing is kept. */
  forget(id: string): Promise<void>;
  /** Other limits for a sliver that runs on. */
  update(sliver: NetworkSliver): Promise<void>;
  /** The sliver's published ports from now on, all of them; also for one that is not connected at the moment. */
  setPorts(id: string, ports: readonly PublishedPort[]): Promise<void>;
  /** Who else on this host has the port: a program that listens, another node. Null when nobody. */
  holderOf(protocol: PublishedPort['protocol'], external: number): Promise<string | null>;
  /** Of every sliver that has or had a connection and was not forgotten. */
  usage(): Promise<ReadonlyMap<string, NetworkUsage>>;
  /** Gives back what the host holds besides slivers; what running ones need stays. */
  close(): Promise<void>;
}
