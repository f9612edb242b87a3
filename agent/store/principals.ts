import type { ResourceVector } from '@/core/resources/vector';
import type { Queryable } from './database';

export type PrincipalRow = {
  id: string;
  userId: string;
  urn: string | null;
  approved: boolean;
  revoked: boolean;
  disabled: boolean;
};

/** The registered key of that thumbprint, whosever it is. */
export async function readPrincipal(db: Queryable, jkt: string): Promise<PrincipalRow | null> {
  const { rows } = await db.query<PrincipalRow>({
    name: 'read-principal',
    text: `SELECT k.id::text, k."userId", u.urn, k."approvedAt" IS NOT NULL AS approved, k."revokedAt" IS NOT NULL AS revoked,
             u."disabledAt" IS NOT NULL AS disabled
           FROM "PrincipalKey" k JOIN "User" u ON u.id = k."userId" WHERE k.jkt = $1`,
    values: [jkt],
  });
  return rows[0] ?? null;
}

export async function noteUse(db: Queryable, id: string): Promise<void> {
  await db.query(`UPDATE "PrincipalKey" SET "lastUsedAt" = now() WHERE id = $1::uuid`, [id]);
}

export type OwnSliceRow = {
  id: string;
  name: string;
  urn: string;
  state: string;
  ownManager: boolean;
  /** Epoch seconds; 0 where there is none yet. */
  start: number;
  end: number;
  graceSeconds: number;
  slivers: number;
  resources: ResourceVector;
};

const SLICE = `s.id::text, s.name, s.urn, s.state::text, s."ownManager", coalesce(date_part('epoch', s."startsAt"), 0) AS start,
  coalesce(date_part('epoch', s."endsAt"), 0) AS end, s."graceSeconds", s."sliverCount" AS slivers,
  s.spec -> 'resources' || jsonb_build_object('cpuMilli', s."cpuMilli", 'memoryMiB', s."memoryMiB", 'diskMiB', s."diskMiB",
    'networkKbps', s."networkKbps") AS resources`;

/** The slice of that name of which the person is a member, locked until the transaction ends: requests for it take turns. */
export async function lockOwnSlice(tx: Queryable, urn: string, userId: string): Promise<OwnSliceRow | null> {
  const { rows } = await tx.query<OwnSliceRow>(
    `SELECT ${SLICE} FROM "Slice" s
     WHERE s.urn = $1 AND s.state NOT IN ('rejected', 'withdrawn', 'deleted')
       AND EXISTS (SELECT FROM "SliceMember" m WHERE m."sliceId" = s.id AND m."userId" = $2)
     FOR NO KEY UPDATE`,
    [urn, userId],
  );
  return rows[0] ?? null;
}

/** Slices that the person is a member of and runs by an own service manager, with on how many nodes each holds something. */
export async function readOwnSlices(db: Queryable, userId: string): Promise<(OwnSliceRow & { held: number })[]> {
  const { rows } = await db.query<OwnSliceRow & { held: number }>(
    `SELECT ${SLICE}, (SELECT count(*)::int FROM (${held('s.id', 's.urn')}) h) AS held
     FROM "Slice" s JOIN "SliceMember" m ON m."sliceId" = s.id AND m."userId" = $1
     WHERE s."ownManager" AND s.state NOT IN ('rejected', 'withdrawn', 'deleted') ORDER BY s.name LIMIT 1000`,
    [userId],
  );
  return rows;
}

/** Nodes on which a slice holds a lease, or may get one with a ticket that is out (nodes forgive 300 s of skew). */
function held(id: string, urn: string): string {
  return `SELECT t."nodeId" FROM "Ticket" t LEFT JOIN "HolderLease" o ON o."ticketIss" = t.iss AND o."ticketJti" = t.jti
    WHERE t."sliceId" = ${id} AND o."endedAt" IS NULL AND (t.state IN ('issued', 'void') AND t."notAfter" > now() - interval '300 s'
      OR t.state = 'redeemed' AND coalesce(o."endsAt" + make_interval(secs => o."graceSeconds"), t."endsAt") > now())
    UNION SELECT o."nodeId" FROM "HolderLease" o WHERE o."sliceUrn" = ${urn} AND o."endedAt" IS NULL
      AND o."endsAt" + make_interval(secs => o."graceSeconds") > now()`;
}

/** The URNs of those nodes. */
export async function heldNodes(tx: Queryable, slice: { id: string; urn: string }): Promise<Set<string>> {
  const { rows } = await tx.query<{ urn: string }>(
    `SELECT n.urn FROM "Node" n WHERE n.id IN (${held('$1::uuid', '$2')})`,
    [slice.id, slice.urn],
  );
  return new Set(rows.map((row) => row.urn));
}

/** Tickets of one slice: pages show them, and what it holds is counted by them. */
export async function bindTickets(tx: Queryable, sliceId: string, iss: string, jtis: readonly string[]): Promise<void> {
  if (jtis.length > 0)
    await tx.query(`UPDATE "Ticket" SET "sliceId" = $1::uuid WHERE iss = $2 AND jti = ANY($3::text[])`, [
      sliceId,
      iss,
      jtis,
    ]);
}

export type OwnLeaseRow = {
  node: string;
  slice: string;
  lease: string;
  state: string;
  start: Date;
  end: Date;
  graceSeconds: number;
  seenAt: Date;
};

/** Leases of a key that live, as their nodes said last. */
export async function readOwnLeases(db: Queryable, holder: string): Promise<OwnLeaseRow[]> {
  const { rows } = await db.query<OwnLeaseRow>(
    `SELECT n.urn AS node, o."sliceUrn" AS slice, o.jti AS lease, o.state, o."startsAt" AS start, o."endsAt" AS end, o."graceSeconds", o."seenAt"
     FROM "HolderLease" o JOIN "Node" n ON n.id = o."nodeId"
     WHERE o.holder = $1 AND o."endedAt" IS NULL AND o."endsAt" + make_interval(secs => o."graceSeconds") > now()
     ORDER BY o."sliceUrn", n.urn LIMIT 2000`,
    [holder],
  );
  return rows;
}

export type OwnTicketRow = {
  node: string;
  slice: string;
  iss: string;
  jti: string;
  ticket: string;
  state: string;
  start: Date;
  end: Date;
  redeemBefore: Date;
  address: string | null;
  jkt: string | null;
};

/** Tickets of this issuer for slices that the person runs, whose term is not over, in the order of their ids after `after`. */
export async function readOwnTickets(
  db: Queryable,
  ask: { iss: string; userId: string; slice: string | null; after: string; limit: number },
): Promise<OwnTicketRow[]> {
  const { rows } = await db.query<OwnTicketRow>(
    `SELECT n.urn AS node, t."sliceUrn" AS slice, t.iss, t.jti, t.text AS ticket, t.state::text, t."startsAt" AS start, t."endsAt" AS end,
       t."notAfter" AS "redeemBefore", n.address, k.jkt
     FROM "Ticket" t JOIN "Node" n ON n.id = t."nodeId" LEFT JOIN "NodeKey" k ON k."nodeId" = n.id AND k."revokedAt" IS NULL
     WHERE t."sliceId" IN (SELECT s.id FROM "Slice" s JOIN "SliceMember" m ON m."sliceId" = s.id
         WHERE m."userId" = $2 AND s."ownManager" AND ($3::text IS NULL OR s.urn = $3))
       AND t.iss = $1 AND t."endsAt" > now() AND t.jti > $4 ORDER BY t.jti LIMIT $5`,
    [ask.iss, ask.userId, ask.slice, ask.after, ask.limit],
  );
  return rows;
}
