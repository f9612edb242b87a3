import type { AdminSwitch } from '@/core/node/state';
import type { Queryable } from '../pool';

/** `keys`: thumbprints of every key it ever had; what it signed with one of them is its own still. */
export type AgentRow = {
  id: string;
  urn: string;
  jkt: string;
  keys: string[];
  address: string;
  adminSwitch: AdminSwitch;
};

/** The deployment's own agents that are in force, the oldest first; not partners', which issue to us by what they pass on only. */
export async function ownAgents(db: Queryable): Promise<AgentRow[]> {
  const { rows } = await db.query<AgentRow>(
    `SELECT id::text, urn, jkt, array_append("formerJkts", jkt) AS keys, address, "adminSwitch"::text AS "adminSwitch" FROM "Agent"
     WHERE "partnerId" IS NULL AND "revokedAt" IS NULL ORDER BY "createdAt", id LIMIT 32`,
  );
  return rows;
}

/** A ticket that was issued to the slice and that no sliver has: the answer that brought it was lost. */
export type LeftoverTicket = { nodeUrn: string; iss: string; jti: string; text: string };

/** Such tickets on these nodes, to the slice's present end, that can be redeemed for a while yet, of agents that are in force. */
export async function leftoverTickets(
  db: Queryable,
  slice: { urn: string; endsAt: Date },
  nodeUrns: readonly string[],
): Promise<LeftoverTicket[]> {
  const { rows } = await db.query<LeftoverTicket>(
    `SELECT n.urn AS "nodeUrn", t.iss, t.jti, t.text FROM "Node" n JOIN "Ticket" t ON t."nodeId" = n.id AND t.state = 'issued'
     JOIN "Agent" a ON a.id = t."agentId" AND a."partnerId" IS NULL AND a."revokedAt" IS NULL
     WHERE n.urn = ANY($2::text[]) AND t."sliceUrn" = $1 AND t."sliverId" IS NULL AND t.replaces IS NULL
       AND t."endsAt" = date_trunc('second', $3::timestamptz) AND t."notAfter" > now() + interval '30 s' ORDER BY t."createdAt" DESC`,
    [slice.urn, nodeUrns, slice.endsAt],
  );
  return rows;
}
