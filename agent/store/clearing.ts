import { type Issued, issuedDelegation, issuedTicket } from '@/core/accountability/issued';
import { type HardAmounts, NOTHING } from '@/core/resources/vector';
import type { Queryable } from './database';
import { burnTickets } from './tickets';

type Span = { start: number; end: number };

/** SQL: statements of the key $1 for nodes $2 whose span shares an instant with [$3, $4), epoch seconds. */
const TICKETS = `"Ticket" t WHERE t.iss = $1 AND t."nodeId" = ANY($2::uuid[]) AND t."startsAt" < to_timestamp($4)
  AND t."endsAt" > to_timestamp($3) - interval '30 days' AND t."endsAt" + make_interval(secs => t."graceSeconds") > to_timestamp($3)`;
const PASSED_ON = `"Delegation" d WHERE d.iss = $1 AND d."nodeId" = ANY($2::uuid[]) AND d."parentId" IS NOT NULL
  AND d."notBefore" < to_timestamp($4) AND d."notAfter" > to_timestamp($3)`;

/**
 * All that a key ever issued of each node for any time of the span, whatever became of it: tickets and what was passed on. Summed, each
 * for itself: never too little. One question for all nodes.
 */
export async function readEverIssued(
  db: Queryable,
  jkt: string,
  nodeIds: readonly string[],
  span: Span,
): Promise<Map<string, HardAmounts>> {
  const degree = (column: string) => `d."${column}"::bigint * d."degreeMilli" / 1000`;
  const { rows } = await db.query<HardAmounts & { nodeId: string }>({
    name: 'read-ever-issued',
    text: `SELECT "nodeId"::text AS "nodeId", sum(cpu)::float8 AS "cpuMilli", sum(memory)::float8 AS "memoryMiB", sum(disk)::float8 AS "diskMiB",
             sum(network)::float8 AS "networkKbps" FROM (
             SELECT t."nodeId", t."cpuMilli" AS cpu, t."memoryMiB" AS memory, t."diskMiB" AS disk, t."networkKbps" AS network FROM ${TICKETS}
             UNION ALL
             SELECT d."nodeId", ${degree('cpuMilli')}, ${degree('memoryMiB')}, ${degree('diskMiB')}, ${degree('networkKbps')} FROM ${PASSED_ON}
           ) each GROUP BY "nodeId"`,
    values: [jkt, nodeIds, span.start, span.end],
  });
  return new Map(rows.map(({ nodeId, ...amounts }) => [nodeId, amounts]));
}

/** What a key issued of a node, one by one, and what it may show for it. */
export type NodeHistory = {
  /** Thumbprint of the key for which the node is enrolled now. */
  nodeJkt: string | null;
  issued: Issued[];
  /** Ids of delegations that were taken back. */
  takenBack: Set<string>;
  /** Receipts of that key after which a ticket holds nothing, by the ticket's id. */
  receipts: { jti: string; text: string }[];
  standing: string | null;
};

type TicketRow = HardAmounts & {
  nodeId: string;
  jti: string;
  replaces: string | null;
  receipt: string | null;
} & Span & {
    graceSeconds: number;
    exp: number;
  };
type LinkRow = HardAmounts & { nodeId: string; jti: string; granteeJkt: string; line: string } & {
  degreeMilli: number;
  nbf: number;
  exp: number;
  takenBack: boolean;
};

/** As `readEverIssued`, statement by statement, with the node's words that are kept: for the few nodes where the sum is too much. */
export async function readHistories(
  db: Queryable,
  agentId: string,
  jkt: string,
  nodeIds: readonly string[],
  span: Span,
): Promise<Map<string, NodeHistory>> {
  const values = [jkt, nodeIds, span.start, span.end];
  const nodes = await db.query<{ nodeId: string; nodeJkt: string; standing: string | null }>(
    `SELECT k."nodeId"::text AS "nodeId", k.jkt AS "nodeJkt", s.text AS standing FROM "NodeKey" k
     LEFT JOIN "Standing" s ON s."nodeId" = k."nodeId" AND s."agentId" = $2::uuid WHERE k."nodeId" = ANY($1::uuid[]) AND k."revokedAt" IS NULL`,
    [nodeIds, agentId],
  );
  const tickets = await db.query<TicketRow>(
    `SELECT t."nodeId"::text AS "nodeId", t.jti, t.replaces, t."cpuMilli", t."memoryMiB", t."diskMiB", t."networkKbps", t."graceSeconds",
       date_part('epoch', t."startsAt") AS start, date_part('epoch', t."endsAt") AS end, date_part('epoch', t."notAfter") AS exp,
       (SELECT r.text FROM "Receipt" r JOIN "NodeKey" k ON k.jkt = r.iss AND k."revokedAt" IS NULL
        WHERE r."ticketIss" = t.iss AND r."ticketJti" = t.jti AND r.kind IN ('released', 'lapsed', 'burnt') LIMIT 1) AS receipt
     FROM ${TICKETS}`,
    values,
  );
  const links = await db.query<LinkRow>(
    `SELECT d."nodeId"::text AS "nodeId", d.jti, d."granteeJkt", d.line, d."cpuMilli", d."memoryMiB", d."diskMiB", d."networkKbps", d."degreeMilli",
       date_part('epoch', d."notBefore") AS nbf, date_part('epoch', d."notAfter") AS exp, d."revokedAt" IS NOT NULL AS "takenBack" FROM ${PASSED_ON}`,
    values,
  );
  const histories = new Map<string, NodeHistory>(
    nodes.rows.map(({ nodeId, nodeJkt, standing }) => [
      nodeId,
      { nodeJkt, issued: [], takenBack: new Set(), receipts: [], standing },
    ]),
  );
  for (const { nodeId, jti, replaces, start, end, graceSeconds, exp, receipt, ...resources } of tickets.rows) {
    const history = histories.get(nodeId);
    const terms = { jti, resources, start, end, graceSeconds, exp, replaces: replaces ?? undefined };
    history?.issued.push(issuedTicket(terms));
    if (receipt) history?.receipts.push({ jti, text: receipt });
  }
  for (const { nodeId, jti, granteeJkt, line, degreeMilli, nbf, exp, takenBack, ...rights } of links.rows) {
    const history = histories.get(nodeId);
    history?.issued.push(issuedDelegation({ jti, granteeJkt, line, rights, degreeMilli, nbf, exp }));
    if (takenBack) history?.takenBack.add(jti);
  }
  return histories;
}

/** What is over this part of a limit may soon need the node's word: it is asked for with the next heartbeat. */
export const nearly = (issued: HardAmounts = NOTHING, limit: HardAmounts) =>
  issued.cpuMilli * 2 > limit.cpuMilli ||
  issued.memoryMiB * 2 > limit.memoryMiB ||
  issued.diskMiB * 2 > limit.diskMiB ||
  issued.networkKbps * 2 > limit.networkKbps;

/** Asks these nodes for a standing with their next heartbeat; what is asked for anyway is not asked for again. */
export async function wantStandings(db: Queryable, agentId: string, nodeIds: readonly string[]): Promise<void> {
  if (nodeIds.length === 0) return;
  await db.query(
    `INSERT INTO "Standing" AS s ("nodeId", "agentId", "wantedAt") SELECT id, $1::uuid, now() FROM unnest($2::uuid[]) id ORDER BY id
     ON CONFLICT ("nodeId", "agentId") DO UPDATE SET "wantedAt" = now() WHERE s."wantedAt" IS NULL OR s."wantedAt" <= s."takenAt"`,
    [agentId, nodeIds],
  );
}

/**
 * Keeps a verified standing in place of the one before. What it says ended counts as given back; of what it clears besides, the windows
 * are over, so that it counts no more anyway.
 */
export async function keepStanding(
  db: Queryable,
  standing: { nodeId: string; agentId: string; issuer: string; text: string; ended: readonly string[] },
): Promise<void> {
  const { nodeId, agentId, issuer, text, ended } = standing;
  await db.query(
    `INSERT INTO "Standing" AS s ("nodeId", "agentId", text, "takenAt") VALUES ($1, $2, $3, now())
     ON CONFLICT ("nodeId", "agentId") DO UPDATE SET text = excluded.text, "takenAt" = now()`,
    [nodeId, agentId, text],
  );
  await burnTickets(db, issuer, ended);
}
