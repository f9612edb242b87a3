import type { PartnerHost } from '@/protocol/transport/partner-identity';
import type { Queryable } from './pool';

/** Whose node has that key: a partner's id, `own`, or null for a key that no node has. */
export async function partnerOfKey(db: Queryable, jkt: string): Promise<string | 'own' | null> {
  const { rows } = await db.query<{ partnerId: string | null }>(
    `SELECT n."partnerId"::text AS "partnerId" FROM "NodeKey" k JOIN "Node" n ON n.id = k."nodeId" WHERE k.jkt = $1`,
    [jkt],
  );
  return rows[0] ? (rows[0].partnerId ?? 'own') : null;
}

/** How to come by a certificate of that partner; null for one that is not joined (any more). */
export async function hostOfNode(db: Queryable, partnerId: string): Promise<PartnerHost | null> {
  const { rows } = await db.query<PartnerHost>(
    `SELECT authority, "agentAddress", "caPem" FROM "Partner"
     WHERE id = $1 AND state = 'active' AND "agentAddress" IS NOT NULL AND "caPem" IS NOT NULL`,
    [partnerId],
  );
  return rows[0] ?? null;
}
