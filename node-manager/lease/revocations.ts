import { z } from 'zod';
import { Refused } from '@/core/errors';
import { SKEW_SECONDS } from '@/core/statement/bounds';
import type { RevocationNotice } from '@/protocol/agent/revocations';

/** A revocation as the journal keeps it. `expiresAt`: epoch seconds; null: for good. */
export const RevokedRecord = z.object({
  kind: z.enum(['key', 'delegation', 'ticket']),
  /** A key's thumbprint, or `iss jti`. */
  what: z.string(),
  endLeases: z.boolean(),
  reason: z.string(),
  by: z.string(),
  at: z.string(),
  expiresAt: z.int().nullable(),
});
export type RevokedRecord = z.infer<typeof RevokedRecord>;

/** So many are kept at once. More are not acknowledged: to drop one would bring back what was taken. */
export const MAX_KEPT_REVOCATIONS = 20_000;

/** What a ticket or a lease stands on. */
export type Standing = {
  holder: string;
  ticket: { iss: string; jti: string };
  links: readonly { iss: string; jti: string; granteeJkt: string }[];
};

export function revokedRecord(notice: RevocationNotice): RevokedRecord {
  const { kind, jkt, iss, jti, endLeases, reason, by, at, expiresAt } = notice;
  return { kind, what: kind === 'key' ? (jkt ?? '') : `${iss} ${jti}`, endLeases, reason, by, at, expiresAt };
}

/** The key under which a revocation is kept: of two of the same thing the later counts, and one that ends leases stays so. */
export function revokedKey({ kind, what }: Pick<RevokedRecord, 'kind' | 'what'>): string {
  return `${kind} ${what}`;
}

/** Enters revocations, and lets go of those whose time is over at `at` (epoch ms), in place. Deterministic and idempotent. */
export function enterRevocations(kept: Map<string, RevokedRecord>, fresh: readonly RevokedRecord[], at: number): void {
  for (const [key, one] of kept)
    if (one.expiresAt !== null && (one.expiresAt + SKEW_SECONDS) * 1000 < at) kept.delete(key);
  for (const one of fresh) {
    const key = revokedKey(one);
    const before = kept.get(key);
    kept.set(key, before?.endLeases ? { ...one, endLeases: true } : one);
  }
}

/** The first revocation that meets it: of a key in its chain, a link, or its ticket; null when it stands. */
export function revokedBy(kept: ReadonlyMap<string, RevokedRecord>, one: Standing): RevokedRecord | null {
  if (kept.size === 0) return null;
  const keys = [one.holder, one.ticket.iss, ...one.links.flatMap((link) => [link.iss, link.granteeJkt])];
  for (const jkt of keys) {
    const found = kept.get(`key ${jkt}`);
    if (found) return found;
  }
  for (const { iss, jti } of one.links) {
    const found = kept.get(`delegation ${iss} ${jti}`);
    if (found) return found;
  }
  return kept.get(`ticket ${one.ticket.iss} ${one.ticket.jti}`) ?? null;
}

/** Those that end leases at once. */
export function endingOnly(kept: ReadonlyMap<string, RevokedRecord>): Map<string, RevokedRecord> {
  return new Map([...kept].filter(([, one]) => one.endLeases));
}

/** @throws Refused REVOKED, which names the key, link or ticket */
export function judgeStanding(kept: ReadonlyMap<string, RevokedRecord>, one: Standing): void {
  const found = revokedBy(kept, one);
  if (found) throw new Refused('REVOKED', factsOf(found));
}

function factsOf({ kind, what, by, at, reason }: RevokedRecord) {
  return { kind, id: what.split(' ').at(-1) ?? what, by, at, why: reason };
}

/** Why a lease ended, for its receipt and its sliver. */
export function authorityRevoked(record: RevokedRecord): Refused {
  return new Refused('AUTHORITY_REVOKED', factsOf(record));
}

/** The ticket that a renewal replaces may have been taken back itself: its lease runs to its end, and no further. @throws Refused REVOKED */
export function judgePredecessor(
  { leases, revocations }: { leases: ReadonlyMap<string, Standing>; revocations: ReadonlyMap<string, RevokedRecord> },
  { replaces }: { replaces?: string | undefined },
): void {
  if (replaces === undefined || revocations.size === 0) return;
  const lease = [...leases.values()].find((one) => one.ticket.jti === replaces);
  const found = lease && revocations.get(`ticket ${lease.ticket.iss} ${replaces}`);
  if (found) throw new Refused('REVOKED', factsOf(found));
}
