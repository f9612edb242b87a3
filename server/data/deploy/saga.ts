import type { Reason } from '@/core/errors';
import type { Queryable } from '../pool';

/** All that a sliver's saga goes by: it is resumed from these rows alone, by whichever worker. */
export type SagaState = {
  id: string;
  sliceId: string;
  sliceUrn: string;
  sliceState: string;
  desired: 'running' | 'stopped' | 'gone';
  reported: string;
  reason: Reason | null;
  attempts: number;
  goneAt: Date | null;
  endsAt: Date | null;
  graceSeconds: number;
  nodeUrn: string;
  hostname: string;
  address: string | null;
  /** The node's enrolled key: thumbprint and raw public key. */
  jkt: string | null;
  publicKey: string | null;
  ticketIss: string | null;
  ticketJti: string | null;
  ticketText: string | null;
  ticketState: string | null;
  leaseJti: string | null;
  leaseEndsAt: Date | null;
  /** When it was given up or moved away; `movedTo`: the hostname of the node that runs in its place. */
  givenUpAt: Date | null;
  movedTo: string | null;
};

/** The state of each sliver, in the order asked; null for one that is not there. */
export async function loadSagas(db: Queryable, sliverIds: readonly string[]): Promise<(SagaState | null)[]> {
  const { rows } = await db.query<SagaState>(
    `SELECT v.id::text, v."sliceId"::text, s.urn AS "sliceUrn", s.state::text AS "sliceState", v.desired::text, v.reported::text,
       v.reason, v.attempts, v."goneAt", s."endsAt", s."graceSeconds", n.urn AS "nodeUrn", n.hostname, n.address, k.jkt,
       k."publicKey", t.iss AS "ticketIss", t.jti AS "ticketJti", t.text AS "ticketText", t.state::text AS "ticketState",
       l.jti AS "leaseJti", l."endsAt" AS "leaseEndsAt", v."givenUpAt",
       (SELECT mn.hostname FROM "SliverMove" m JOIN "Sliver" mt ON mt.id = m."toId" JOIN "Node" mn ON mn.id = mt."nodeId"
        WHERE m."fromId" = v.id AND m.state = 'done' LIMIT 1) AS "movedTo"
     FROM "Sliver" v
     JOIN "Slice" s ON s.id = v."sliceId"
     JOIN "Node" n ON n.id = v."nodeId"
     LEFT JOIN LATERAL (SELECT jkt, "publicKey" FROM "NodeKey"
       WHERE "nodeId" = n.id AND "revokedAt" IS NULL ORDER BY "enrolledAt" DESC LIMIT 1) k ON true
     LEFT JOIN "Ticket" t ON t."sliverId" = v.id
     LEFT JOIN "Lease" l ON l."sliverId" = v.id
     WHERE v.id = ANY($1::uuid[])`,
    [sliverIds],
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  return sliverIds.map((id) => byId.get(id) ?? null);
}
