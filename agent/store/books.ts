import type { Reachability } from '@/core/node/reachability';
import type { AdminSwitch, BootState, NodeStanding } from '@/core/node/state';
import { add, type HardAmounts, NOTHING } from '@/core/resources/vector';
import type { Queryable } from './database';
import { type Held, readDelegations } from './delegations';
import { readPassedOn } from './passed-on';

/** What an agent's books say of a node. */
export type NodeBook = {
  id: string;
  standing: NodeStanding;
  /** Newest first. */
  delegations: Held[];
  /** Promised in tickets that may still be redeemed, held by leases of redeemed ones, and passed on to others, in the span asked for. */
  claimed: HardAmounts;
};

/** Whether the agent may issue, and by which policy: its row's word at the time of a request. */
export type AgentStanding = { adminSwitch: AdminSwitch; revoked: boolean; policy: unknown };

/**
 * Takes the nodes' locks, in one order, until the transaction ends: whoever else issues for one of them waits. A statement
 * of its own, so that the books are read with what the others committed. (Key rows, since heartbeats leave these alone.) Gives
 * how the agent itself stands, which costs no statement of its own so.
 */
export async function lockNodes(tx: Queryable, urns: readonly string[], agentId: string): Promise<AgentStanding> {
  const { rows } = await tx.query<AgentStanding>({
    name: 'lock-nodes',
    text: `WITH locked AS (
             SELECT FROM "NodeKey" k JOIN "Node" n ON n.id = k."nodeId" WHERE n.urn = ANY($1::text[]) AND k."revokedAt" IS NULL
             ORDER BY k.id FOR NO KEY UPDATE OF k
           )
           SELECT a."adminSwitch", a."revokedAt" IS NOT NULL AS revoked, a.policy, (SELECT count(*) FROM locked) AS locked
           FROM "Agent" a WHERE a.id = $2::uuid`,
    values: [urns, agentId],
  });
  if (!rows[0]) throw new Error('the agent’s own row is gone');
  return rows[0];
}

type StandingRow = {
  id: string;
  urn: string;
  bootState: BootState;
  adminSwitch: AdminSwitch;
  incarnation: string | null;
  reachability: Reachability | null;
  /** Epoch ms */
  at: number | null;
};

/**
 * Reads the books of these nodes for a span of epoch seconds [start, end), without what the tickets of the ids in `replaced`
 * claim: those who renew them; and without what was passed on in `lines`. Nodes that nobody knows are missing.
 */
export async function readBooks(
  tx: Queryable,
  agentId: string,
  urns: readonly string[],
  span: { start: number; end: number },
  replaced: readonly string[] = [],
  lines: readonly string[] = [],
  jkt: string | null = null,
): Promise<Map<string, NodeBook>> {
  const { rows } = await tx.query<StandingRow>({
    name: 'read-standings',
    text: `SELECT n.id::text, n.urn, n."bootState", k.incarnation,
             greatest(n."adminSwitch", (h.facts -> 'policy' ->> 'adminSwitch')::"AdminSwitch") AS "adminSwitch", h.reachability,
             date_part('epoch', h.at) * 1000 AS at
           FROM "Node" n LEFT JOIN "NodeKey" k ON k."nodeId" = n.id AND k."revokedAt" IS NULL
           LEFT JOIN "Heartbeat" h ON h."nodeId" = n.id WHERE n.urn = ANY($1::text[])`,
    values: [urns],
  });
  const ids = rows.map((row) => row.id);
  const delegations = await readDelegations(tx, agentId, ids, jkt);
  const claimed = await readClaims(tx, agentId, ids, span, replaced, lines);
  return new Map(
    rows.map((row) => {
      const standing: NodeStanding = {
        node: row.urn,
        bootState: row.bootState,
        enrolled: row.incarnation !== null,
        adminSwitch: row.adminSwitch,
        reachability: row.reachability ?? 'unreachable',
        lastSeen: row.at,
      };
      const book = {
        id: row.id,
        standing,
        delegations: delegations.get(row.id) ?? [],
        claimed: claimed.get(row.id) ?? NOTHING,
      };
      return [row.urn, book];
    }),
  );
}

/** SQL: tickets t that count, $1 agent, $2 nodes, $3 and $4 the span's start and end. */
export const COUNTED = `"Ticket" t LEFT JOIN "Lease" l ON l."sliverId" = t."sliverId" LEFT JOIN "Sliver" s ON s.id = t."sliverId"
           LEFT JOIN "HolderLease" o ON o."ticketIss" = t.iss AND o."ticketJti" = t.jti
           CROSS JOIN LATERAL (SELECT coalesce(l."endsAt" + make_interval(secs => l."graceSeconds"),
             o."endsAt" + make_interval(secs => o."graceSeconds"), t."endsAt") AS "until") x
           WHERE t."nodeId" = ANY($2::uuid[]) AND t.state IN ('issued', 'redeemed', 'lapsed', 'void') AND t."agentId" = $1::uuid
             AND t."startsAt" < to_timestamp($4) AND x."until" > to_timestamp($3)
             AND (t.state IN ('issued', 'void') AND t."notAfter" > now() - interval '300 s'
               OR (t.state = 'redeemed' OR t.state IN ('lapsed', 'void') AND coalesce(l.id::text, o.jti) IS NOT NULL)
                 AND x."until" > now() AND l."endedAt" IS NULL AND s."goneAt" IS NULL AND o."endedAt" IS NULL)`;

type ClaimRow = HardAmounts & { nodeId: string };

/**
 * What is claimed of each node at any time of [start, end): what was passed on to others, but in `lines`; tickets that may still be redeemed
 * (a node forgives 300 s of skew, and one that is away takes what was taken back meanwhile), and leases of redeemed ones (also when the word
 * of that came after the window) until their grace is over or they
 * ended. Summed, not peaked: never too little. Of a ticket and one that replaces it, which are never held both, the greater counts;
 * those in `replaced` do not.
 */
export async function readClaims(
  db: Queryable,
  agentId: string,
  nodeIds: readonly string[],
  span: { start: number; end: number },
  replaced: readonly string[] = [],
  lines: readonly string[] = [],
): Promise<Map<string, HardAmounts>> {
  const claims = await readTicketClaims(db, agentId, nodeIds, span, replaced);
  for (const [nodeId, amounts] of await readPassedOn(db, agentId, nodeIds, span, lines))
    claims.set(nodeId, add(claims.get(nodeId) ?? NOTHING, amounts));
  return claims;
}

async function readTicketClaims(
  db: Queryable,
  agentId: string,
  nodeIds: readonly string[],
  span: { start: number; end: number },
  replaced: readonly string[],
): Promise<Map<string, HardAmounts>> {
  const values = [agentId, nodeIds, span.start, span.end];
  const { rows } = await db.query<ClaimRow & { renewals: boolean }>({
    name: 'read-claims',
    text: `SELECT t."nodeId"::text AS "nodeId", sum(t."cpuMilli")::float8 AS "cpuMilli", sum(t."memoryMiB")::float8 AS "memoryMiB",
             sum(t."diskMiB")::float8 AS "diskMiB", sum(t."networkKbps")::float8 AS "networkKbps",
             bool_or(t.replaces IS NOT NULL OR t.jti = ANY($5::text[])) AS renewals
           FROM ${COUNTED} GROUP BY t."nodeId"`,
    values: [...values, replaced],
  });
  const claims = new Map<string, HardAmounts>(rows.map(({ nodeId, renewals: _, ...amounts }) => [nodeId, amounts]));
  const renewed = rows.filter((row) => row.renewals).map((row) => row.nodeId);
  if (renewed.length === 0) return claims;
  const excess = (column: string) =>
    `coalesce(sum(greatest(0, c.${column} - coalesce(p.${column}, 0))), 0)::float8 AS ${column}`;
  const again = await db.query<ClaimRow>({
    name: 'read-renewed-claims',
    text: `WITH counted AS MATERIALIZED (
             SELECT t.jti, t.replaces, t."nodeId", t."cpuMilli", t."memoryMiB", t."diskMiB", t."networkKbps" FROM ${COUNTED}
           )
           SELECT c."nodeId"::text AS "nodeId", ${['"cpuMilli"', '"memoryMiB"', '"diskMiB"', '"networkKbps"'].map(excess).join(', ')}
           FROM counted c LEFT JOIN counted p ON p.jti = c.replaces AND p."nodeId" = c."nodeId"
           WHERE c.jti <> ALL($5::text[]) GROUP BY c."nodeId"`,
    values: [agentId, renewed, span.start, span.end, replaced],
  });
  for (const nodeId of renewed) claims.set(nodeId, NOTHING);
  for (const { nodeId, ...amounts } of again.rows) claims.set(nodeId, amounts);
  return claims;
}

/** A ticket that another may replace. `start`: epoch seconds. */
export type Predecessor = HardAmounts & {
  jti: string;
  nodeId: string;
  sliceUrn: string;
  start: number;
  burnt: boolean;
};

/** Tickets of an issuer, or of another agent of this deployment, by their ids; unknown ones are missing. */
export async function readPredecessors(
  tx: Queryable,
  iss: string,
  jtis: readonly string[],
): Promise<Map<string, Predecessor>> {
  if (jtis.length === 0) return new Map();
  const { rows } = await tx.query<Predecessor>(
    `SELECT jti, "nodeId"::text AS "nodeId", "sliceUrn", date_part('epoch', "startsAt") AS start, state = 'burnt' AS burnt,
       "cpuMilli", "memoryMiB", "diskMiB", "networkKbps" FROM "Ticket"
     WHERE iss IN (SELECT $1 UNION SELECT unnest(array_append("formerJkts", jkt)) FROM "Agent" WHERE "partnerId" IS NULL) AND jti = ANY($2::text[])`,
    [iss, jtis],
  );
  return new Map(rows.map((row) => [row.jti, row]));
}
