import { z } from 'zod';
import { LoginBase } from './common';

/** Which rows of the audit trail: all that are given must hold. Also the query of an export's address. */
export const AuditFilter = z.object({
  /** Words that stand in who, what, on what or the facts; each must. */
  q: z.string().max(200).optional(),
  /** E-mail address, or the part of the system that did it; the whole of it. */
  actor: z.string().max(320).optional(),
  /** An action, or all that begin so: `slice.`. */
  action: z.string().max(100).optional(),
  objectKind: z.string().max(100).optional(),
  objectId: z.string().max(300).optional(),
  site: LoginBase.optional(),
  /** [from, to) */
  from: z.coerce.date().optional(),
  to: z.coerce.date().optional(),
});
export type AuditFilter = z.infer<typeof AuditFilter>;

export const AuditListInput = AuditFilter.extend({
  /** Rows before this one, as a page's `next` said. */
  cursor: z
    .string()
    .regex(/^\d{1,19}$/)
    .optional(),
  limit: z.int().min(1).max(500).default(100),
});

/** Newest first. Hashes are hex. */
export const AuditRow = z.object({
  seq: z.string(),
  id: z.string(),
  at: z.date(),
  actorId: z.string().nullable(),
  actor: z.string(),
  /** The person's name, where a person did it. */
  actorName: z.string().nullable(),
  action: z.string(),
  objectKind: z.string(),
  objectId: z.string(),
  /** What people call the object, where its id is none they know. */
  objectName: z.string().nullable(),
  /** The node's page, where the object is a node. */
  nodeId: z.string().nullable(),
  siteId: z.string().nullable(),
  site: z.string().nullable(),
  facts: z.json(),
  prev: z.string(),
  hash: z.string(),
});
export type AuditRow = z.infer<typeof AuditRow>;

/** Counted up to this many; more are "more than". */
export const AUDIT_COUNTED = 10_000;
export const AuditPage = z.object({
  rows: z.array(AuditRow).max(500),
  next: z.string().nullable(),
  /** Rows that match, at most AUDIT_COUNTED + 1. */
  count: z.int(),
});
export type AuditPage = z.infer<typeof AuditPage>;

/** What following the whole chain found. */
export const AuditCheck = z.object({
  rows: z.int(),
  /** How far it is; null when nothing was ever written. */
  head: z.object({ seq: z.string(), hash: z.string() }).nullable(),
  problem: z
    .object({ kind: z.enum(['changed', 'removed', 'inserted', 'cut-off']), seq: z.string(), says: z.string() })
    .nullable(),
  /** Rows of which the chain knows nothing: written past it. */
  unchained: z.int(),
  /** The last signed word of how far it was, by which key. */
  seal: z.object({ seq: z.string(), at: z.date(), key: z.string() }).nullable(),
  tookMs: z.int(),
});
export type AuditCheck = z.infer<typeof AuditCheck>;
