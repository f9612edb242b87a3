import { MAX_AGENTS } from '@/protocol/agent/agents';
import type { Pool, Queryable } from './database';

/**
 * Registers this agent under its URN (its key and address may be new) and gives its row's id. What was delegated to an
 * earlier key is void: nodes are asked for new delegations.
 */
export async function registerAgent(
  tx: Queryable,
  agent: { urn: string; jkt: string; publicKey: string; address: string },
): Promise<string> {
  await tx.query(
    `UPDATE "Delegation" d SET "revokedAt" = now() FROM "Agent" a
     WHERE a.id = d."agentId" AND a.urn = $1 AND a.jkt <> $2 AND d."granteeJkt" <> $2 AND d."revokedAt" IS NULL`,
    [agent.urn, agent.jkt],
  );
  // Nodes that are called by way of this agent are dialled at its address.
  await tx.query(
    `UPDATE "Node" n SET address = $2 FROM "Agent" a WHERE a.urn = $1 AND n.address = a.address AND a.address <> $2`,
    [agent.urn, agent.address],
  );
  const { rows } = await tx.query<{ id: string }>(
    `INSERT INTO "Agent" (id, urn, jkt, "publicKey", address) VALUES (gen_random_uuid(), $1, $2, $3, $4)
     ON CONFLICT (urn) DO UPDATE SET jkt = $2, "publicKey" = $3, address = $4 RETURNING id::text`,
    [agent.urn, agent.jkt, agent.publicKey, agent.address],
  );
  const id = rows[0]?.id;
  if (!id) throw new Error('the agent’s row did not come back');
  return id;
}

/** An agent of this deployment, not a partner's, that was not revoked. */
export type OwnAgent = {
  id: string;
  urn: string;
  jkt: string;
  publicKey: string;
  address: string;
  shareMilli: number;
  degreeMilli: number;
  /** A key that it will use, beside its present one. */
  next: boolean;
};

/** SQL: the keys of the agent whose present or former key this is. */
export const KEYS_OF = (jkt: string) =>
  `(SELECT unnest(array_append(a."formerJkts", a.jkt)) FROM "Agent" a WHERE a.jkt = ${jkt} OR ${jkt} = ANY(a."formerJkts"))`;

/** The deployment's agents to which nodes delegate, the oldest first; one that changes its key with the next one too, after all others. */
export async function agentsInForce(db: Queryable): Promise<OwnAgent[]> {
  const { rows } = await db.query<OwnAgent>({
    name: 'agents-in-force',
    text: `SELECT a.id::text, a.urn, k.jkt, k."publicKey", a.address, a."shareMilli", a."degreeMilli", k.next FROM "Agent" a
           CROSS JOIN LATERAL (VALUES (a.jkt, a."publicKey", false), (a."nextJkt", a."nextPublicKey", true)) AS k(jkt, "publicKey", next)
           WHERE a."partnerId" IS NULL AND a."revokedAt" IS NULL AND k.jkt IS NOT NULL ORDER BY k.next, a."createdAt", a.id LIMIT $1`,
    values: [MAX_AGENTS],
  });
  return rows;
}

/** How often an agent writes down that it is here. */
export const HERE_MS = 5_000;

/** Says at once, and again and again, that this agent is here; gives what ends that. */
export function sayHere(pool: Pool, agentId: string, onError: (err: unknown) => void): () => void {
  const say = () => {
    pool.query(`UPDATE "Agent" SET "lastSeenAt" = now() WHERE id = $1`, [agentId]).catch(onError);
  };
  say();
  const timer = setInterval(say, HERE_MS);
  return () => clearInterval(timer);
}
