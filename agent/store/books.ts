import type { Reachability } from '@/core/node/reachability';
import type { AdminSwitch, BootState, NodeStanding } from '@/core/node/state';
import type { HardAmounts } from '@/core/resources/vector';
import type { Queryable } from './database';
import { type Held, readDelegations } from './delegations';

/** What an agent's books say of a node. */
export type NodeBook = {
  id: string;
  standing: NodeStanding;
  /** Newest first. */
  delegations: Held[];
  /** Promised in tickets that may still be redeemed, and held by leases of redeemed ones, in the span asked for. */
  claimed: HardAmounts;
};

/**
 * Takes the nodes' locks, in one order, until the transaction ends: whoever else issues for one of them waits. A statement
 * of its own, so that the books are read with what the others committed. (Key rows, since heartbeats leave these alone.)
 */
export async function lockNodes(tx: Queryable, urns: readonly string[]): Promise<void> {
  await tx.query({
    name: 'lock-nodes',
    text: `WITH locked AS (
             SELECT FROM "NodeKey" k JOIN "Node" n ON n.id = k."nodeId" WHERE n.urn = ANY($1::text[]) AND k."revokedAt" IS NULL
             ORDER BY k.id FOR NO KEY UPDATE OF k
           ) SELECT count(*) FROM locked`,
    values: [urns],
  });
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

/** Reads the books of these nodes for a span of epoch seconds [start, end). Nodes that nobody knows are missing. */
export async function readBooks(
  tx: Queryable,
  agentId: string,
  urns: readonly string[],
  span: { start: number; end: number },
): Promise<Map<string, NodeBook>> {
  const { rows } = await tx.query<StandingRow>({
    name: 'read-standings',
    text: `SELECT n.id::text, n.urn, n."bootState", n."adminSwitch", k.incarnation, h.reachability,
             date_part('epoch', h.at) * 1000 AS at
           FROM "Node" n LEFT JOIN "NodeKey" k ON k."nodeId" = n.id AND k."revokedAt" IS NULL
           LEFT JOIN "Heartbeat" h ON h."nodeId" = n.id WHERE n.urn = ANY($1::text[])`,
    values: [urns],
  });
  const ids = rows.map((row) => row.id);
  const delegations = await readDelegations(tx, agentId, ids);
  const claimed = await readClaims(tx, agentId, ids, span);
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
        claimed: claimed.get(row.id) ?? { ...NONE },
      };
      return [row.urn, book];
    }),
  );
}

const NONE: HardAmounts = { cpuMilli: 0, memoryMiB: 0, diskMiB: 0, networkKbps: 0 };

/**
 * What is claimed of each node at any time of [start, end): tickets that may still be redeemed (a node forgives 300 s of
 * skew), and leases of redeemed ones (also when the word of that came after the window) until their grace is over or they
 * ended. Summed, not peaked: never too little.
 */
export async function readClaims(
  db: Queryable,
  agentId: string,
  nodeIds: readonly string[],
  span: { start: number; end: number },
): Promise<Map<string, HardAmounts>> {
  const { rows } = await db.query<HardAmounts & { nodeId: string }>({
    name: 'read-claims',
    text: `SELECT t."nodeId"::text AS "nodeId", sum(t."cpuMilli")::float8 AS "cpuMilli", sum(t."memoryMiB")::float8 AS "memoryMiB",
             sum(t."diskMiB")::float8 AS "diskMiB", sum(t."networkKbps")::float8 AS "networkKbps"
           FROM "Ticket" t LEFT JOIN "Lease" l ON l."sliverId" = t."sliverId" LEFT JOIN "Sliver" s ON s.id = t."sliverId"
           CROSS JOIN LATERAL (SELECT coalesce(l."endsAt" + make_interval(secs => l."graceSeconds"), t."endsAt") AS "until") x
           WHERE t."nodeId" = ANY($2::uuid[]) AND t.state IN ('issued', 'redeemed', 'lapsed') AND t."agentId" = $1::uuid
             AND t."startsAt" < to_timestamp($4) AND x."until" > to_timestamp($3)
             AND (t.state = 'issued' AND t."notAfter" > now() - interval '300 s'
               OR (t.state = 'redeemed' OR t.state = 'lapsed' AND l.id IS NOT NULL)
                 AND x."until" > now() AND l."endedAt" IS NULL AND s."goneAt" IS NULL)
           GROUP BY t."nodeId"`,
    values: [agentId, nodeIds, span.start, span.end],
  });
  return new Map(rows.map(({ nodeId, ...amounts }) => [nodeId, amounts]));
}
