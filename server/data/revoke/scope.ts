import type { RevokeTarget } from '@/protocol/api/revocations';
import type { Tx } from '@/server/db';
import { linksOf } from './links-of';

/** A delegation that goes with the target. `siteId`: of its node. */
export type DelegationBelow = {
  id: string;
  iss: string;
  jti: string;
  nodeId: string;
  siteId: string;
  agentId: string;
  root: boolean;
  notAfter: Date;
};

/** A ticket that is out, or holds a lease. `endsAt`: with the grace. */
export type TicketBelow = {
  iss: string;
  jti: string;
  nodeId: string;
  sliverId: string | null;
  sliceId: string | null;
  state: string;
  leased: boolean;
  endsAt: Date;
};

/** Forgiven to clocks: a node takes a ticket for so long after its window. */
const SKEW = '300 s';

/**
 * The delegations of these ids that count, those from the same issuer to the same grantee for the same node (what took each other's place), and
 * all that was passed on from them.
 */
export function delegationsBelow(tx: Tx, ids: readonly string[]): Promise<DelegationBelow[]> {
  return tx.$queryRaw<DelegationBelow[]>`
    WITH RECURSIVE below AS (
      SELECT s.id FROM "Delegation" d JOIN "Delegation" s ON s."nodeId" = d."nodeId" AND s.iss = d.iss AND s."agentId" = d."agentId"
      WHERE d.id = ANY(${[...ids]}::uuid[])
      UNION
      SELECT c.id FROM "Delegation" c JOIN below b ON c."parentId" = b.id
    )
    SELECT d.id::text, d.iss, d.jti, d."nodeId"::text AS "nodeId", n."siteId"::text AS "siteId", d."agentId"::text AS "agentId",
      d."parentId" IS NULL AND d."issuerId" IS NULL AS root, d."notAfter"
    FROM below JOIN "Delegation" d USING (id) JOIN "Node" n ON n.id = d."nodeId"
    WHERE d."revokedAt" IS NULL AND d."notAfter" > now() ORDER BY d.id`;
}

/** Ids of the delegations that a target begins with; for a key or a ticket there are none. */
export async function firstDelegations(tx: Tx, target: RevokeTarget): Promise<string[]> {
  if (target.kind === 'delegation') return target.ids;
  if (target.kind !== 'agent' && target.kind !== 'node') return [];
  const rows =
    target.kind === 'agent'
      ? await tx.$queryRaw<{ id: string }[]>`
          SELECT id::text FROM "Delegation" WHERE ("agentId" = ${target.id}::uuid OR "issuerId" = ${target.id}::uuid) AND "revokedAt" IS NULL AND "notAfter" > now()`
      : await tx.$queryRaw<{ id: string }[]>`
          SELECT id::text FROM "Delegation" WHERE "nodeId" = ${target.id}::uuid AND "issuerId" IS NULL AND "revokedAt" IS NULL AND "notAfter" > now()`;
  return rows.map(({ id }) => id);
}

type Found = TicketBelow & { text: string };

/** Tickets that were issued under one of these delegations. */
export async function ticketsUnder(tx: Tx, delegations: readonly DelegationBelow[]): Promise<TicketBelow[]> {
  if (delegations.length === 0) return [];
  const nodes = [...new Set(delegations.map((one) => one.nodeId))];
  const agents = [...new Set(delegations.map((one) => one.agentId))];
  const found = await tx.$queryRaw<Found[]>`
    SELECT t.iss, t.jti, t."nodeId"::text AS "nodeId", t."sliverId"::text AS "sliverId", t."sliceId"::text AS "sliceId", t.state::text,
      l.id IS NOT NULL AS leased, t.text, coalesce(l."endsAt" + make_interval(secs => l."graceSeconds"), t."endsAt") AS "endsAt"
    FROM "Ticket" t LEFT JOIN "Lease" l ON l."sliverId" = t."sliverId" AND l."endedAt" IS NULL
      AND l."endsAt" + make_interval(secs => l."graceSeconds") > now()
    WHERE t."nodeId" = ANY(${nodes}::uuid[]) AND t."agentId" = ANY(${agents}::uuid[])
      AND (l.id IS NOT NULL OR t.state = 'issued' AND t."notAfter" > now() - ${SKEW}::interval)`;
  const wanted = new Set(delegations.map(({ iss, jti }) => `${iss} ${jti}`));
  return found.filter(({ text }) => linksOf(text)?.some((link) => wanted.has(link)) ?? true);
}

/** Tickets that were issued to this key and are out; what became of its leases its owner knows. */
export function ticketsOfHolder(tx: Tx, jkt: string): Promise<TicketBelow[]> {
  return tx.$queryRaw<TicketBelow[]>`
    SELECT t.iss, t.jti, t."nodeId"::text AS "nodeId", t."sliverId"::text AS "sliverId", t."sliceId"::text AS "sliceId", t.state::text,
      false AS leased, t."endsAt"
    FROM "TicketRequest" r CROSS JOIN LATERAL jsonb_array_elements_text(r.answer -> 'jtis') AS j(jti)
    JOIN "Ticket" t ON t.jti = j.jti
    WHERE r.key LIKE ${`${jkt.replaceAll('_', '\\_')}:%`} AND t.state = 'issued' AND t."notAfter" > now() - ${SKEW}::interval`;
}

/** One ticket, as it stands. */
export async function ticketItself(tx: Tx, iss: string, jti: string): Promise<TicketBelow | null> {
  const rows = await tx.$queryRaw<TicketBelow[]>`
    SELECT t.iss, t.jti, t."nodeId"::text AS "nodeId", t."sliverId"::text AS "sliverId", t."sliceId"::text AS "sliceId", t.state::text,
      l.id IS NOT NULL AS leased, coalesce(l."endsAt" + make_interval(secs => l."graceSeconds"), t."endsAt") AS "endsAt"
    FROM "Ticket" t LEFT JOIN "Lease" l ON l."sliverId" = t."sliverId" AND l."endedAt" IS NULL
    WHERE t.iss = ${iss} AND t.jti = ${jti}`;
  return rows[0] ?? null;
}
