import { z } from 'zod';
import { isoTime, plainText, urn } from './schemas';

/** Flow records: which sliver spoke to whom, when. */

const Port = z.int().min(0).max(65_535);
const Address = z.union([z.ipv4().max(15), z.ipv6().max(45)], 'must be an IPv4 or IPv6 address');
export const MAX_FLOWS = 100;

export const FlowsInput = z.object({
  /** Flows that lived at this time … */
  at: isoTime,
  /** … or so many seconds around it: clocks differ. */
  toleranceSeconds: z.int().min(0).max(3600).default(5),
  protocol: z.enum(['tcp', 'udp', 'icmp', 'icmpv6', 'sctp', 'gre']).optional(),
  /** The node's port as the other one saw it. */
  sourcePort: Port.optional(),
  /** The other one. */
  destination: Address.optional(),
  destinationPort: Port.optional(),
  slice: urn.optional(),
});

const End = z.object({ address: z.string().max(64), port: Port });
export const FlowView = z.object({
  begun: isoTime,
  /** Null: not over. */
  ended: isoTime.nullable(),
  protocol: plainText(16),
  /** Who began it: the sliver, or the other one through a published port. */
  direction: z.enum(['out', 'in']),
  inside: End,
  outside: End,
  peer: End,
  /** URNs; of slices that are long deleted too. */
  slice: urn,
  user: z.string().max(256),
  lease: z.string().max(64),
});

export const FlowsOutput = z.object({
  /** Newest first. */
  flows: z.array(FlowView).max(MAX_FLOWS),
  truncated: z.boolean(),
  /** Times in which nobody watched. */
  gaps: z.array(z.object({ from: isoTime, to: isoTime })).max(20),
  /** Nothing older is kept. */
  since: isoTime.nullable(),
});
export type FlowsView = z.infer<typeof FlowsOutput>;
