import type { Reason } from '../errors';
import type { HardAmounts, HardResource } from '../resources/vector';

/** What a policy counts a site's part in. */
export const COUNTED = ['slivers', 'cpuMilli', 'memoryMiB', 'diskMiB', 'networkKbps'] as const;
export type Counted = (typeof COUNTED)[number];

/** Amounts of resources and how many slivers they are in. */
export type Held = HardAmounts & { slivers: number };
export const HELD_NOTHING: Held = { slivers: 0, cpuMilli: 0, memoryMiB: 0, diskMiB: 0, networkKbps: 0 };

/** A limit for each that is named; what is left out is not limited. */
export type SiteQuota = Partial<Held>;

/**
 * How an agent decides who gets tickets for what it could give. Each kind has a page of docs (docs/policies/).
 */
export type GrantingPolicy =
  | { kind: 'first-come' }
  /** A site counts as waiting for so long after it was refused. */
  | { kind: 'fair-share'; waitSeconds: number }
  /** What each site may hold, and other limits for some by name. */
  | { kind: 'quota'; each: SiteQuota; sites: Readonly<Record<string, SiteQuota>> }
  /** Weights of sites by name (others: `weight`), and the seed of all lots. A site has one lot in each `drawSeconds`. */
  | {
      kind: 'lottery';
      weight: number;
      sites: Readonly<Record<string, number>>;
      seed: string;
      drawSeconds: number;
      waitSeconds: number;
    };
export type PolicyKind = GrantingPolicy['kind'];
export const POLICY_KINDS = ['first-come', 'fair-share', 'quota', 'lottery'] as const satisfies readonly PolicyKind[];

/** A request that could be granted in full, as far as there is room: `count` slivers of `each`. `at`: epoch ms. */
export type Ask = { site: string; slice: string; count: number; each: HardAmounts; at: number };

/** How things stand with an agent. Sites that hold or wait for nothing may be missing. */
export type Situation = {
  /** All that it may give out, what is out already included. */
  total: HardAmounts;
  held: ReadonlyMap<string, Held>;
  /** What sites asked for lately and did not get, the asking slice's own left out. */
  waiting: ReadonlyMap<string, HardAmounts>;
};

/** How many of the slivers asked for are granted, and why the others are not. */
export type Verdict = {
  grant: number;
  /** Null when all are. */
  reason: Reason | null;
  /** What the decision can be made again from, beside the policy and the request; null when it was none. */
  record: DecisionRecord | null;
};

export type DecisionRecord =
  | { kind: 'fair-share'; resource: HardResource; level: number; holds: number }
  | { kind: 'quota'; counted: Counted; holds: number; most: number }
  | { kind: 'lottery'; seed: string; lot: string; weights: Record<string, number> };
