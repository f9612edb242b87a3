import { z } from 'zod';
import { ExecOutput, NodeSliverState } from '../node-manager/schemas';
import { LogsOutput } from '../node-manager/sliver-control';
import { ResourceVectorSchema } from '../resources';
import * as c from './common';

/** What a researcher asks for. Also the form's schema and the CLI's. */
export const SliceSpec = z.object({
  site: c.LoginBase,
  /** The part after "<site>_". */
  shortName: z.string().regex(/^[a-z][a-z0-9]{0,29}$/, 'Lower-case letters and digits, starting with a letter.'),
  /** Why: read by the PI. */
  reason: z.string().trim().min(10, 'Say in a sentence what it is for: at least 10 characters.').max(2000),
  /** Nodes that the broker chooses, besides the picked ones. */
  count: z.int().min(0).max(1000),
  /** Node URNs that must be among them. */
  picked: z.array(z.string().max(256)).max(1000).default([]),
  /** Only nodes of these countries (ISO 3166-1 alpha-2); empty means any. */
  onlyCountries: z.array(z.string().length(2)).max(250).default([]),
  /** At least this many different countries among all slivers. */
  minCountries: z.int().min(1).max(250).default(1),
  maxPerSite: z.int().min(1).max(1000).default(1000),
  resources: ResourceVectorSchema,
  termSeconds: z
    .int()
    .min(3600, 'At least an hour.')
    .max(366 * 86_400),
  /** The least number of slivers with which the slice is worth having; all = all or nothing. */
  minimum: z.int().min(1).max(2000),
  /** May another node stand in for one that fails? */
  substitute: z.boolean().default(true),
  /** Its people run it with a service manager of their own: what is approved bounds what they may lease. */
  ownManager: z.boolean().default(false),
});
export type SliceSpec = z.infer<typeof SliceSpec>;

/** What a slice is to be by now: its request, with what it grew, shrank and moved by since. */
export const PlacedSpec = SliceSpec.extend({
  count: z.int().min(0).max(2000),
  /** Further slivers, in countries of their own: `part` n of a sliver is the n-th of these, counted from 1. */
  more: z
    .array(z.object({ count: z.int().min(0).max(2000), onlyCountries: z.array(z.string().length(2)).max(250) }))
    .max(100)
    .default([]),
});
export type PlacedSpec = z.infer<typeof PlacedSpec>;

/** What the request would meet, said while it is being filled in. Changes nothing. */
export const SpecCheck = z.object({
  ok: z.boolean(),
  problems: z.array(z.object({ field: z.string(), reason: c.Reason })),
  /** Nodes that match the filters and have room now. */
  matching: z.int(),
  matchingCountries: z.int(),
  quota: z.lazy(() => QuotaMeter).nullable(),
});
export type SpecCheck = z.infer<typeof SpecCheck>;

/** For each of the quota's measures: what live slices hold, what this one wants, and the limit. */
export const QuotaMeter = z.object({
  site: c.SiteRef,
  maxTermSeconds: z.int(),
  /** The longest one slice may last in all, with every renewal. */
  maxTotalSeconds: z.int(),
  lines: z.array(
    z.object({
      measure: z.enum(['slivers', 'cpuMilli', 'memoryMiB', 'diskMiB', 'networkKbps']),
      used: z.int(),
      wants: z.int(),
      limit: z.int(),
    }),
  ),
});
export type QuotaMeter = z.infer<typeof QuotaMeter>;

export const SliverCounts = z.record(c.SliverReported, z.int());

export const SliceListItem = z.object({
  id: c.Id,
  name: z.string(),
  site: c.SiteRef,
  owner: c.PersonRef,
  state: c.SliceState,
  reason: c.Reason.nullable(),
  sliverCount: z.int(),
  running: z.int(),
  failed: z.int(),
  countries: z.int(),
  startsAt: z.date().nullable(),
  endsAt: z.date().nullable(),
  createdAt: z.date(),
});
export type SliceListItem = z.infer<typeof SliceListItem>;

export const RequestView = z.object({
  id: c.Id,
  kind: z.enum(['create', 'renew', 'change']),
  /** Of a change: what it wants more. */
  change: z.object({ count: z.int(), picked: z.array(z.string()), onlyCountries: z.array(z.string()) }).nullable(),
  state: z.enum(['pending', 'approved', 'rejected', 'withdrawn']),
  reason: z.string(),
  termSeconds: z.int(),
  requestedBy: c.PersonRef,
  createdAt: z.date(),
  decision: z
    .object({ outcome: z.enum(['approved', 'rejected']), by: c.PersonRef, comment: z.string(), at: z.date() })
    .nullable(),
});
export type RequestView = z.infer<typeof RequestView>;

export const SliceView = SliceListItem.extend({
  urn: z.string(),
  spec: PlacedSpec,
  minimumCount: z.int(),
  /** Up to so many slivers it may have without asking again. */
  approvedCount: z.int(),
  /** Until when it can be renewed at most: its first start and its site's maximum in total. Null until approved. */
  latestEnd: z.date().nullable(),
  graceSeconds: z.int(),
  approvedAt: z.date().nullable(),
  deployedAt: z.date().nullable(),
  deletedAt: z.date().nullable(),
  members: z.array(c.PersonRef),
  requests: z.array(RequestView),
  /** What the viewer may do here; the server checks again at each call. */
  may: z.object({
    exec: z.boolean(),
    delete: z.boolean(),
    renew: z.boolean(),
    /** Grow, shrink. */
    change: z.boolean(),
    move: z.boolean(),
    withdraw: z.boolean(),
    members: z.boolean(),
    decide: z.boolean(),
  }),
  /** After a delete: what is still to leave, and when at the latest. */
  leaving: z.object({ count: z.int(), latestEnd: z.date().nullable() }).nullable(),
});
export type SliceView = z.infer<typeof SliceView>;

export const SliverRow = z.object({
  id: c.Id,
  node: z.object({
    id: c.Id,
    urn: z.string(),
    hostname: z.string(),
    site: z.string(),
    country: z.string().nullable(),
    city: z.string().nullable(),
    latitude: z.number().nullable(),
    longitude: z.number().nullable(),
    simulated: z.boolean(),
    reachability: c.Reachability,
    address: z.string().nullable(),
  }),
  desired: c.SliverDesired,
  reported: c.SliverReported,
  reason: c.Reason.nullable(),
  lastSeen: z.date().nullable(),
  picked: z.boolean(),
  substituteForId: c.Id.nullable(),
  /** Given up, or moved away. */
  givenUpAt: z.date().nullable(),
  /** Its move to another node: under way, or the last one that failed. `to`: the hostname, once there is one. */
  move: z
    .object({ state: z.enum(['open', 'failed']), to: z.string().nullable(), reason: c.Reason.nullable() })
    .nullable(),
  /** The sliver that it is to take over from, or took over from. */
  movedFromId: c.Id.nullable(),
  attempts: z.int(),
  createdAt: z.date(),
  runningAt: z.date().nullable(),
  changedAt: z.date(),
  leaseEndsAt: z.date().nullable(),
  goneAt: z.date().nullable(),
});
export type SliverRow = z.infer<typeof SliverRow>;

export const StepRow = z.object({
  id: z.string(),
  sliverId: c.Id.nullable(),
  hostname: z.string().nullable(),
  step: z.string(),
  outcome: z.enum(['ok', 'retry', 'failed']),
  attempt: z.int(),
  reason: c.Reason.nullable(),
  startedAt: z.date(),
  endedAt: z.date(),
});
export type StepRow = z.infer<typeof StepRow>;

/** Events of the slice as a whole: asked, approved, deployed, keys changed, command run, deleted … newest first. */
export const SliceEvent = z.object({
  id: z.string(),
  at: z.date(),
  actor: z.string(),
  action: z.string(),
  facts: z.record(z.string(), z.unknown()),
});
export type SliceEvent = z.infer<typeof SliceEvent>;

/** An image that slivers can be made of, and how many open nodes that report offer it now; `realNodes`: not simulated. */
export const ImageOffer = z.object({ image: z.string(), nodes: z.int(), realNodes: z.int() });
export type ImageOffer = z.infer<typeof ImageOffer>;

export const ByName = z.object({ name: c.SliceName });
export const RenewInput = ByName.extend({
  termSeconds: z
    .int()
    .min(3600)
    .max(366 * 86_400),
  reason: z.string().trim().min(10).max(2000),
});
export const MemberInput = ByName.extend({ email: z.email().max(254) });
export const ExecRequest = ByName.extend({
  node: z.string().max(256),
  argv: z.array(z.string().min(1).max(4096)).min(1).max(64),
  timeoutMs: z.int().min(100).max(60_000).default(30_000),
});
export const SLIVER_ACTS = ['start', 'stop', 'reset'] as const;
export const SliverAct = ByName.extend({ node: z.string().max(256), act: z.enum(SLIVER_ACTS) });
export const SliverActAnswer = z.object({ node: z.string(), hostname: z.string(), state: NodeSliverState });
export const SliverLogsRequest = ByName.extend({ node: z.string().max(256) });
export const SliverLogs = LogsOutput.extend({ node: z.string(), hostname: z.string() });
export const ExecAnswer = ExecOutput.extend({ node: z.string(), hostname: z.string() });

/**
 * slices router:
 *   list {scope: 'mine'|'site'|'all', includeOver: boolean} → SliceListItem[] (newest first, ≤ 1000)
 *   check SliceSpec-in-progress → SpecCheck          request SliceSpec → { name }
 *   get ByName → SliceView                          slivers ByName → SliverRow[] (live + failed + leaving)
 *   steps {name, sliverId?, limit ≤ 500} → StepRow[] events ByName → SliceEvent[]
 *   withdraw ByName · delete ByName · renew RenewInput · addMember/removeMember MemberInput → SliceView
 *   sliverAct SliverAct → SliverActAnswer           sliverLogs {name, node} → SliverLogs     images → ImageOffer[]
 *   exec ExecRequest → ExecAnswer                   retry ByName (re-plan a failed or degraded slice) → SliceView
 */
