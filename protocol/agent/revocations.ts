import { z } from 'zod';
import { isoTime, plainText, statementId, thumbprint } from '../node-manager/schemas';

/** Revocations in one answer; more come with the next. */
export const MAX_REVOCATIONS = 200;
/** A poll is answered after this long at the latest, in ms. */
export const WATCH_HOLD_MS = 20_000;

/** What was taken back: a key, or a statement by its issuer and id. A node keeps it until what it took back would have ended anyway. */
export const RevocationNotice = z
  .object({
    /** Grows in the order of commits, over the whole deployment. */
    number: z.int().min(1),
    kind: z.enum(['key', 'delegation', 'ticket']),
    jkt: thumbprint.nullable(),
    iss: thumbprint.nullable(),
    jti: statementId.nullable(),
    /** Leases below it end at once; else they run to their end and are not renewed. */
    endLeases: z.boolean(),
    reason: plainText(300),
    by: plainText(200),
    at: isoTime,
    /** Epoch seconds; null: for good. */
    expiresAt: z.int().nullable(),
  })
  .refine((one) => (one.kind === 'key' ? one.jkt !== null : one.iss !== null && one.jti !== null), 'names nothing');
export type RevocationNotice = z.infer<typeof RevocationNotice>;

/** A long poll of a node: what was taken back after the highest number that it has kept? */
export const WatchInput = z.object({ heard: z.int().min(0) });
export const WatchOutput = z.object({
  /** To be said with the next poll, once these are kept: it may be less than was said, after the deployment's database was restored. */
  heard: z.int().min(0),
  /** Those that concern this node, in order. */
  revocations: z.array(RevocationNotice).max(MAX_REVOCATIONS),
});
export type WatchOutput = z.infer<typeof WatchOutput>;
