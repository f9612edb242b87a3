import { z } from 'zod';
import { urn } from './schemas';

/** Published ports: a port of the node that leads to one of a sliver. */

const PortNumber = z.int().min(1).max(65_535);
/** "192.0.2.0/24", "2001:db8::/32" or a single address. */
const Prefix = z
  .string()
  .max(64)
  .regex(/^[0-9a-fA-F:./]{2,64}$/);
export const PortProtocol = z.enum(['tcp', 'udp']);
/** A sliver may have so many. */
export const MAX_PORTS = 32;
export const MAX_SOURCES = 16;

export const PublishedPortView = z.object({
  protocol: PortProtocol,
  /** The node's. */
  external: PortNumber,
  /** The sliver's. */
  internal: PortNumber,
  /** Who may use it; empty: everybody. */
  sources: z.array(z.string().max(64)).max(MAX_SOURCES),
});
export type PublishedPortView = z.infer<typeof PublishedPortView>;

export const PublishInput = z.object({
  slice: urn,
  protocol: PortProtocol,
  internal: PortNumber,
  /** Left out: the node chooses, and chooses the same again for the same sliver's port. */
  external: PortNumber.optional(),
  sources: z.array(Prefix).max(MAX_SOURCES).default([]),
});
export const UnpublishInput = z.object({ slice: urn, protocol: PortProtocol, external: PortNumber });

export const PortsOutput = z.object({
  ports: z.array(PublishedPortView).max(MAX_PORTS),
  /** What the node's owner lets slivers publish, both ends included; null: none. */
  range: z.object({ from: PortNumber, to: PortNumber }).nullable(),
});
export type PortsView = z.infer<typeof PortsOutput>;
