import type { HardAmounts } from '@/core/resources/vector';
import type { Tx } from '@/server/db';

type AgentRow = {
  id: string;
  urn: string;
  jkt: string;
  address: string;
  adminSwitch: 'open' | 'draining' | 'closed';
  revokedAt: Date | null;
  createdAt: Date;
  lastSeenAt: Date | null;
  shareMilli: number;
  degreeMilli: number;
  policy: unknown;
};

const COLUMNS = {
  id: true,
  urn: true,
  jkt: true,
  address: true,
  adminSwitch: true,
  revokedAt: true,
  createdAt: true,
  lastSeenAt: true,
  shareMilli: true,
  degreeMilli: true,
  policy: true,
} as const;

/** The deployment's own agents, the oldest first; revoked ones last. */
export async function ownAgentRows(tx: Tx): Promise<AgentRow[]> {
  const rows = await tx.agent.findMany({ where: { partnerId: null }, select: COLUMNS, orderBy: { createdAt: 'asc' } });
  return rows.sort((a, b) => Number(a.revokedAt !== null) - Number(b.revokedAt !== null));
}

/** One of them by its row's id, its URN or its URN's last part, locked until the transaction ends. */
export async function lockAgent(tx: Tx, named: string): Promise<AgentRow | null> {
  const found = await tx.$queryRaw<{ id: string }[]>`
    SELECT id::text FROM "Agent" WHERE "partnerId" IS NULL
      AND (id::text = ${named} OR urn = ${named} OR urn LIKE '%+authority+' || ${named.replace(/[\\%_]/g, '\\$&')})
    ORDER BY "createdAt" LIMIT 1 FOR NO KEY UPDATE`;
  const id = found[0]?.id;
  return id ? tx.agent.findUnique({ where: { id }, select: COLUMNS }) : null;
}

export function updateAgent(
  tx: Tx,
  id: string,
  change: { shareMilli?: number; degreeMilli?: number; adminSwitch?: AgentRow['adminSwitch']; policy?: object },
): Promise<unknown> {
  return tx.agent.update({ where: { id }, data: change });
}

export type AgentUse = {
  id: string;
  nodes: number;
  total: HardAmounts;
  claimed: HardAmounts;
  issued: number;
  redeemed: number;
};

type UseRow = { id: string; nodes: number; cpu: number; memory: number; disk: number; network: number };
type ClaimedRow = {
  id: string;
  issued: number;
  redeemed: number;
  cpu: number;
  memory: number;
  disk: number;
  network: number;
};

/** What each agent may give out by the newest delegation of each node, and what of that is out. */
export async function agentUse(tx: Tx): Promise<Map<string, AgentUse>> {
  const held = await tx.$queryRaw<UseRow[]>`
    SELECT d."agentId"::text AS id, count(*)::int AS nodes, sum(floor(d."cpuMilli"::float8 * d."degreeMilli" / 1000))::float8 AS cpu,
      sum(floor(d."memoryMiB"::float8 * d."degreeMilli" / 1000))::float8 AS memory,
      sum(floor(d."diskMiB"::float8 * d."degreeMilli" / 1000))::float8 AS disk,
      sum(floor(d."networkKbps"::float8 * d."degreeMilli" / 1000))::float8 AS network
    FROM (
      SELECT DISTINCT ON (o."agentId", o."nodeId") o.* FROM "Delegation" o
      JOIN "NodeKey" k ON k."nodeId" = o."nodeId" AND k."revokedAt" IS NULL AND k.incarnation = o.incarnation
      WHERE o."revokedAt" IS NULL AND o."notAfter" > now() ORDER BY o."agentId", o."nodeId", o."createdAt" DESC, o.id DESC
    ) d GROUP BY 1`;
  const out = await tx.$queryRaw<ClaimedRow[]>`
    SELECT t."agentId"::text AS id, count(*) FILTER (WHERE t.state = 'issued')::int AS issued,
      count(*) FILTER (WHERE t.state = 'redeemed')::int AS redeemed, sum(t."cpuMilli")::float8 AS cpu, sum(t."memoryMiB")::float8 AS memory,
      sum(t."diskMiB")::float8 AS disk, sum(t."networkKbps")::float8 AS network
    FROM "Ticket" t LEFT JOIN "Sliver" s ON s.id = t."sliverId"
    WHERE t."endsAt" > now() AND (t.state = 'issued' AND t."notAfter" > now() OR t.state = 'redeemed' AND s."goneAt" IS NULL) GROUP BY 1`;
  const claims = new Map(out.map((row) => [row.id, row]));
  const ids = new Set([...held, ...out].map((row) => row.id));
  const given = new Map(held.map((row) => [row.id, row]));
  return new Map(
    [...ids].map((id) => {
      const [has, uses] = [given.get(id), claims.get(id)];
      const use = { id, nodes: has?.nodes ?? 0, total: amounts(has), claimed: amounts(uses) };
      return [id, { ...use, issued: uses?.issued ?? 0, redeemed: uses?.redeemed ?? 0 }];
    }),
  );
}

function amounts(row: { cpu: number; memory: number; disk: number; network: number } | undefined): HardAmounts {
  return {
    cpuMilli: row?.cpu ?? 0,
    memoryMiB: row?.memory ?? 0,
    diskMiB: row?.disk ?? 0,
    networkKbps: row?.network ?? 0,
  };
}
