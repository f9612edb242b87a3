import type { SliverStatement } from '@/protocol/api/statements';
import type { Tx } from '../db';

/** Tickets, leases and receipts of a sliver of this slice, newest first, at most 200; null when it has no such sliver. */
export async function findSliverStatements(
  db: Tx,
  sliceId: string,
  sliverId: string,
): Promise<{ statements: SliverStatement[]; nodeKeys: string[]; node: string } | null> {
  const sliver = await db.sliver.findFirst({
    where: { id: sliverId, sliceId },
    select: {
      node: {
        select: {
          urn: true,
          keys: {
            select: { publicKey: true },
            orderBy: [{ revokedAt: { sort: 'desc', nulls: 'first' } }, { enrolledAt: 'desc' }],
            take: 20,
          },
        },
      },
    },
  });
  if (!sliver) return null;
  const statements = await db.$queryRaw<SliverStatement[]>`
    WITH tickets AS (
      SELECT t.iss, t.jti, t.state::text AS state, t.text, t."createdAt" AS at, coalesce(a.urn, t.iss) AS signer, n.urn AS node
      FROM "Sliver" v JOIN "Node" n ON n.id = v."nodeId" JOIN "Slice" s ON s.id = v."sliceId"
      JOIN "Ticket" t ON t."sliverId" = v.id OR (t."nodeId" = v."nodeId" AND t."sliceId" = v."sliceId")
      LEFT JOIN "Agent" a ON a.id = t."agentId" WHERE v.id = ${sliverId}::uuid
    )
    SELECT 'ticket' AS kind, state, iss, jti, signer, text, at FROM tickets
    UNION ALL
    SELECT 'lease', CASE WHEN l."endedAt" IS NULL THEN 'live' ELSE 'ended' END, l.iss, l.jti, n.urn, l.text, l."createdAt"
    FROM "Lease" l JOIN "Sliver" v ON v.id = l."sliverId" JOIN "Node" n ON n.id = v."nodeId" WHERE v.id = ${sliverId}::uuid
    UNION ALL
    SELECT 'receipt', r.kind, r.iss, r.jti, t.node, r.text, r."createdAt" FROM tickets t JOIN "Receipt" r ON r."ticketIss" = t.iss AND r."ticketJti" = t.jti
    ORDER BY at DESC LIMIT 200`;
  return { statements, nodeKeys: sliver.node.keys.map((key) => key.publicKey), node: sliver.node.urn };
}
