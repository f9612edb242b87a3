import type { Reason } from '@/core/errors';
import type { HardAmounts } from '@/core/resources/vector';
import { KEYS_OF } from './agents';
import type { Pool, Queryable, Transaction } from './database';
import { COPY_TICKETS, type NewTicket, type TicketTerms, ticketRows } from './ticket-rows';

/** What is kept of the answer to a request for tickets; the tickets themselves are rows. */
export type KeptAnswer = { jtis: string[]; refused: { node: string; reason: Reason }[] };

/**
 * Claims an idempotency key for this transaction: null when it is new, else what was asked and answered under it. Two
 * requests under one key wait for each other here.
 */
export async function claimRequest(
  tx: Queryable,
  key: string,
  bodyHash: string,
): Promise<{ bodyHash: string; answer: KeptAnswer } | null> {
  const added = await tx.query(
    `INSERT INTO "TicketRequest" (key, "bodyHash", answer) VALUES ($1, $2, '{}') ON CONFLICT (key) DO NOTHING`,
    [key, bodyHash],
  );
  if (added.rowCount === 1) return null;
  const { rows } = await tx.query<{ bodyHash: string; answer: KeptAnswer }>(
    `SELECT "bodyHash", answer FROM "TicketRequest" WHERE key = $1`,
    [key],
  );
  if (!rows[0]) throw new Error('a request’s row is gone while it is asked again');
  return rows[0];
}

/** What is remembered of a request beside its answer: what policies go by, and what people look back at. Times: epoch seconds. */
export type RequestHistory = {
  agentId: string;
  sliceUrn: string;
  site: string;
  renewal: boolean;
  /** Nodes that were refused for want of room or by the policy. */
  unmet: number;
  amounts: HardAmounts;
  start: number;
  end: number;
  decision: object | null;
};

export async function keepAnswer(
  tx: Queryable,
  key: string,
  answer: KeptAnswer,
  { agentId, sliceUrn, site, renewal, unmet, amounts, start, end, decision }: RequestHistory,
): Promise<void> {
  const granted = answer.jtis.length;
  await tx.query({
    name: 'keep-answer',
    text: `UPDATE "TicketRequest" SET answer = $2, "agentId" = $3, "sliceUrn" = $4, site = $5, renewal = $6, asked = $7, granted = $8, unmet = $9,
       "cpuMilli" = $10, "memoryMiB" = $11, "diskMiB" = $12, "networkKbps" = $13, "startsAt" = to_timestamp($14), "endsAt" = to_timestamp($15),
       decision = $16 WHERE key = $1`,
    values: [
      key,
      JSON.stringify(answer),
      agentId,
      sliceUrn,
      site,
      renewal,
      granted + answer.refused.length,
      granted,
      unmet,
      amounts.cpuMilli,
      amounts.memoryMiB,
      amounts.diskMiB,
      amounts.networkKbps,
      start,
      end,
      decision && JSON.stringify(decision),
    ],
  });
}

/** Stores tickets, all in one COPY. */
export async function insertTickets(
  tx: Transaction,
  agentId: string,
  terms: TicketTerms,
  tickets: readonly NewTicket[],
): Promise<void> {
  if (tickets.length > 0) await tx.copy(COPY_TICKETS, ticketRows(agentId, terms, tickets));
}

export type IssuedTicket = { node: string; iss: string; jti: string; ticket: string };

/** Tickets as they were issued, in the order of their ids. */
export async function readTickets(db: Queryable, iss: string, jtis: readonly string[]): Promise<IssuedTicket[]> {
  const { rows } = await db.query<IssuedTicket>(
    `SELECT n.urn AS node, t.iss, t.jti, t.text AS ticket FROM unnest($2::text[]) WITH ORDINALITY AS x(jti, place)
     JOIN "Ticket" t ON t.iss IN ${KEYS_OF('$1')} AND t.jti = x.jti JOIN "Node" n ON n.id = t."nodeId" ORDER BY x.place`,
    [iss, jtis],
  );
  return rows;
}

export type TicketHolder = {
  iss: string;
  jti: string;
  nodeId: string;
  node: string;
  keys: { jkt: string; x: string }[];
};

/** The nodes of tickets, with every key each ever enrolled: receipts may be older than its present key. */
export async function readHolders(
  db: Queryable,
  iss: string,
  jtis: readonly string[],
): Promise<Map<string, TicketHolder>> {
  const { rows } = await db.query<TicketHolder>(
    `SELECT t.iss, t.jti, n.id::text AS "nodeId", n.urn AS node,
       (SELECT json_agg(json_build_object('jkt', k.jkt, 'x', k."publicKey")) FROM "NodeKey" k WHERE k."nodeId" = n.id) AS keys
     FROM "Ticket" t JOIN "Node" n ON n.id = t."nodeId" WHERE t.iss IN ${KEYS_OF('$1')} AND t.jti = ANY($2::text[])`,
    [iss, jtis],
  );
  return new Map(rows.map((row) => [row.jti, row]));
}

export type StoredReceipt = {
  nodeId: string;
  iss: string;
  jti: string;
  kind: string;
  ticketIss: string;
  ticketJti: string;
  text: string;
};

/** Keeps receipts; one that is there already stays as it is. */
export async function storeReceipts(tx: Queryable, receipts: readonly StoredReceipt[]): Promise<void> {
  await tx.query(
    `INSERT INTO "Receipt" (id, "nodeId", iss, jti, kind, "ticketIss", "ticketJti", text)
     SELECT gen_random_uuid(), x.* FROM json_to_recordset($1::json)
       AS x("nodeId" uuid, iss text, jti text, kind text, "ticketIss" text, "ticketJti" text, text text)
     ON CONFLICT (iss, jti) DO NOTHING`,
    [JSON.stringify(receipts)],
  );
}

/** Tickets that can no longer be redeemed, or whose leases ended: what they claimed is free. Gives how many that changed. */
export async function burnTickets(tx: Queryable, iss: string, jtis: readonly string[]): Promise<number> {
  const { rowCount } = await tx.query(
    `UPDATE "Ticket" SET state = 'burnt' WHERE iss IN ${KEYS_OF('$1')} AND jti = ANY($2::text[]) AND state IN ('issued', 'redeemed')`,
    [iss, jtis],
  );
  return rowCount ?? 0;
}

/** Tickets whose redeem window (and the 300 s of skew that nodes forgive) is over lapse; requests are forgotten a week later. */
export async function lapseTickets(pool: Pool): Promise<void> {
  await pool.query(
    `WITH lapsed AS (
       UPDATE "Ticket" SET state = 'lapsed' WHERE state = 'issued' AND "notAfter" < now() - interval '300 s' RETURNING "nodeId", "agentId"
     )
     INSERT INTO "Standing" AS s ("nodeId", "agentId", "wantedAt") SELECT DISTINCT l."nodeId", l."agentId", now() FROM lapsed l
       JOIN "Node" n ON n.id = l."nodeId" JOIN "Agent" a ON a.id = l."agentId" ORDER BY 1, 2
     ON CONFLICT ("nodeId", "agentId") DO UPDATE SET "wantedAt" = now()`, // nobody but the node can say that they were not redeemed
  );
  await pool.query(`DELETE FROM "TicketRequest" WHERE "createdAt" < now() - interval '8 days'`);
}
