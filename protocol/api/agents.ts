import { z } from 'zod';
import { PolicyChoice } from '../agent/policy';
import * as c from './common';

/** The deployment's agents, as the web API tells of them. */

/** Named by its row, its name ("am", "am.north") or its URN. */
export const ByAgent = z.object({ agent: z.string().min(1).max(256) });

/** Sums over nodes: larger than any one node’s. */
const Sum = z.number().min(0);
const SummedAmounts = z.object({ cpuMilli: Sum, memoryMiB: Sum, diskMiB: Sum, networkKbps: Sum });

export const AgentView = z.object({
  id: c.Id,
  /** The last part of its URN: "am" for the first, "am.<name>" for others. */
  name: z.string(),
  urn: z.string(),
  jkt: z.string(),
  address: z.string(),
  state: z.enum(['open', 'draining', 'closed', 'revoked']),
  since: z.date(),
  /** When it last said that it is here, and whether that is a moment ago. */
  lastSeenAt: z.date().nullable(),
  here: z.boolean(),
  shareMilli: z.int(),
  degreeMilli: z.int(),
  /** Without the seed of its lots for who does not run agents. */
  policy: PolicyChoice,
  /** Nodes from which it may issue now. */
  nodes: z.int(),
  /** All that it may give out, rights × degree summed over nodes; how much of that is out in tickets and leases. */
  total: SummedAmounts,
  claimed: SummedAmounts,
  /** Tickets that can be redeemed still, and those whose leases run. */
  issued: z.int(),
  redeemed: z.int(),
});
export type AgentView = z.infer<typeof AgentView>;

export const SetAgentPolicy = ByAgent.extend({ policy: PolicyChoice });
export const SetAgentShare = ByAgent.extend({
  shareMilli: z.int().min(1).max(1000).optional(),
  degreeMilli: z.int().min(1000).max(100_000).optional(),
});
export const SetAgentSwitch = ByAgent.extend({ adminSwitch: c.AdminSwitch });

/** How many days back a policy is tried on. */
export const TRY_DAYS = 7;
/** … and on how many requests at most: the last ones. */
export const TRY_REQUESTS = 20_000;

export const PolicyTrial = z.object({
  from: z.date(),
  to: z.date(),
  requests: z.int(),
  /** There were more than are looked at. */
  cut: z.boolean(),
  asked: z.int(),
  granted: z.int(),
  would: z.int(),
  sites: z.array(z.object({ site: z.string(), requests: z.int(), asked: z.int(), granted: z.int(), would: z.int() })),
  deniedCount: z.int(),
  denied: z.array(
    z.object({
      at: z.date(),
      site: z.string(),
      slice: z.string(),
      asked: z.int(),
      granted: z.int(),
      would: z.int(),
      reason: c.Reason,
    }),
  ),
});
export type PolicyTrial = z.infer<typeof PolicyTrial>;
