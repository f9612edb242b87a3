import { z } from 'zod';
import { plainText, urn } from '../node-manager/schemas';
import { HardAmountsSchema } from '../resources';
import { PublicJwkSchema } from '../statement/schemas';

/** A deployment has at most so many agents in force: what a heartbeat's answer can list. */
export const MAX_AGENTS = 32;

/** An agent of the deployment as a node knows it: whom to dial when its own is away. */
export const KnownAgent = z.object({ urn, publicKey: PublicJwkSchema, address: plainText(255) });
export type KnownAgent = z.infer<typeof KnownAgent>;

/**
 * What the deployment wishes a node to delegate to one of its agents: a part of what it offers (thousandths) with a degree of
 * oversubscription (thousandths, 1000 is none). The machine's owner has the last word.
 */
export const AgentWish = KnownAgent.extend({
  shareMilli: z.int().min(1).max(1000),
  degreeMilli: z.int().min(1000).max(100_000),
  /** What the agent has of this node, by the newest delegation that is good for long enough; null: none, sign a new one. */
  holds: z.object({ rights: HardAmountsSchema, degreeMilli: z.int() }).nullable(),
  /** An operator took back what it had, and has not given it back: sign nothing for it. */
  held: z.boolean().default(false),
  /** It may need the node's word on its tickets: send a standing. */
  wantStanding: z.boolean().default(false),
  /** A key that the agent will use: delegated to beside its present one, so that nothing stops when it takes its place. */
  next: z.boolean().default(false),
});
export type AgentWish = z.infer<typeof AgentWish>;
