import { z } from 'zod';
import * as c from './common';
import { NodeUsageView } from './usage';

/** One node in the map and in the table: compact, 1,500 of them travel at once. */
export const FleetNode = z.object({
  id: c.Id,
  urn: z.string(),
  hostname: z.string(),
  site: z.string(),
  siteName: z.string(),
  country: z.string().nullable(),
  city: z.string().nullable(),
  latitude: z.number().nullable(),
  longitude: z.number().nullable(),
  bootState: c.BootState,
  adminSwitch: c.AdminSwitch,
  reachability: c.Reachability,
  simulated: z.boolean(),
  /** Whose it is, where a partner gives it to us; null: our own. */
  partner: z.string().nullable(),
  slivers: z.int(),
  capacity: c.HardAmounts.nullable(),
  free: c.HardAmounts.nullable(),
  lastSeen: z.date().nullable(),
  /** Why it cannot take slivers now, or null when it can: a listed node is not a usable node until this is null. */
  unusable: c.Reason.nullable(),
});
export type FleetNode = z.infer<typeof FleetNode>;

export const NodeView = FleetNode.extend({
  address: z.string().nullable(),
  /** It cannot be dialled itself: the address is its agent's, which passes calls on. */
  behindNat: z.boolean(),
  driver: z.string().nullable(),
  incarnation: z.string().nullable(),
  network: z.string().nullable(),
  load1Milli: z.int().nullable(),
  since: z.date().nullable(),
  enrolledAt: z.date().nullable(),
  facts: z.record(z.string(), z.unknown()),
  attributes: z.record(z.string(), z.unknown()),
  interfaces: z.array(z.object({ name: z.string(), ipv4: z.string().nullable(), ipv6: z.string().nullable() })),
  delegation: z.object({ agent: z.string(), until: z.date() }).nullable(),
  certificateUntil: z.date().nullable(),
  /** Slivers of slices that the viewer may see; the rest only counted. */
  sliverRows: z.array(
    z.object({ sliceName: z.string(), state: c.SliverReported, since: z.date(), leaseEndsAt: z.date().nullable() }),
  ),
  otherSlivers: z.int(),
  /** Slivers of partners, which are theirs to see. */
  guests: z.array(z.object({ name: z.string(), slivers: z.int() })),
  /** Null for a simulated node, which uses nothing, and for one that has not said yet. */
  usage: NodeUsageView.nullable(),
  may: z.object({ adminSwitch: z.boolean(), enrol: z.boolean() }),
});
export type NodeView = z.infer<typeof NodeView>;

export const ImportReport = z.object({
  networks: z.array(z.object({ name: z.string(), nodes: z.int(), sites: z.int() })),
  nodes: z.object({ read: z.int(), added: z.int(), changed: z.int(), unchanged: z.int() }),
  /** Per field: how many values could not be used, and up to three examples. */
  unused: z.array(
    z.object({ field: z.string(), count: z.int(), why: z.string(), examples: z.array(z.string()).max(3) }),
  ),
  /** Aggregates that the advertisement itself reports as failed. */
  failures: z.array(z.object({ aggregate: z.string(), problem: z.string() })),
  seconds: z.number(),
});
export type ImportReport = z.infer<typeof ImportReport>;

/**
 * fleet router: nodes → FleetNode[] (all, the client filters) · node {id} → NodeView · setAdminSwitch {id, adminSwitch} → NodeView ·
 *   enrolmentToken {urn} → {token, expiresAt} · simulation {fleet:'demo'|'imported', limit?} → {nodes:[{node,token,…}]} (operators) ·
 *   slicesOnMap {name} → node ids of a slice
 * HTTP: POST /api/fleet/import (operator's token, body: the RSpec as a stream) → NDJSON progress lines, last line {report: ImportReport}
 */
