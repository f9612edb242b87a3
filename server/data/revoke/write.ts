import type { Reason } from '@/core/errors';
import type { Tx } from '@/server/db';
import type { Prisma } from '@/server/generated/prisma/client';
import type { DelegationBelow, TicketBelow } from './scope';

export type NewRevocation = {
  kind: 'key' | 'delegation' | 'ticket';
  jkt?: string;
  iss?: string;
  jti?: string;
  nodeId?: string;
  expiresAt: Date | null;
};

export type RevocationFacts = {
  what: string;
  name: string;
  by: string;
  delegations: number;
  tickets: number;
  leases: number;
  slices: string[];
  siteIds: string[];
};

/**
 * Writes the rows of one act. A trigger numbers them under one lock, which is held until the transaction ends, and tells the agents. A
 * statement that was taken back before keeps its first row. Gives the highest number.
 */
export async function insertRevocations(
  tx: Tx,
  act: { id: string; endLeases: boolean; reason: string; byId: string | null; at: Date; facts: RevocationFacts },
  rows: readonly NewRevocation[],
): Promise<number> {
  const { id: actId, facts, ...shared } = act;
  // The facts once: of thousands of rows of one act, each would carry them.
  const data: Prisma.RevocationCreateManyInput[] = rows.map((row, i) => ({
    ...row,
    ...shared,
    actId,
    facts: i === 0 ? facts : {},
  }));
  await tx.revocation.createMany({ data, skipDuplicates: true });
  const { _max } = await tx.revocation.aggregate({ where: { actId }, _max: { number: true } });
  return Number(_max.number ?? 0);
}

export async function endDelegations(tx: Tx, delegations: readonly DelegationBelow[], at: Date): Promise<void> {
  const ids = delegations.map((one) => one.id);
  await tx.delegation.updateMany({ where: { id: { in: ids }, revokedAt: null }, data: { revokedAt: at } });
}

/** Tickets that are out count no more: whoever shows one is refused as soon as its node has heard. */
export async function voidTickets(tx: Tx, tickets: readonly TicketBelow[]): Promise<number> {
  const out = tickets.filter((one) => one.state === 'issued' && !one.leased);
  if (out.length === 0) return 0;
  return await tx.$executeRaw`
    UPDATE "Ticket" t SET state = 'void' FROM unnest(${out.map((one) => one.iss)}::text[], ${out.map((one) => one.jti)}::text[]) AS x(iss, jti)
    WHERE t.iss = x.iss AND t.jti = x.jti AND t.state = 'issued'`;
}

/** Slivers that wait for what is void now, or whose lease ends by this, learn why. Gives those that changed, by slice. */
export async function tellSlivers(
  tx: Tx,
  ids: readonly string[],
  reason: Reason,
): Promise<{ id: string; sliceId: string }[]> {
  if (ids.length === 0) return [];
  await tx.$queryRaw`SELECT 1 FROM "Sliver" WHERE id = ANY(${[...ids]}::uuid[]) ORDER BY id FOR NO KEY UPDATE`;
  return tx.$queryRaw<{ id: string; sliceId: string }[]>`
    UPDATE "Sliver" SET reason = ${JSON.stringify(reason)}::jsonb, "changedAt" = now()
    WHERE id = ANY(${[...ids]}::uuid[]) AND "goneAt" IS NULL AND reported <> 'gone' RETURNING id::text, "sliceId"::text AS "sliceId"`;
}

export async function endAgent(tx: Tx, id: string, at: Date): Promise<void> {
  await tx.agent.updateMany({ where: { id, revokedAt: null }, data: { revokedAt: at } });
}

export async function endPrincipalKey(tx: Tx, id: string, at: Date): Promise<void> {
  await tx.principalKey.updateMany({ where: { id, revokedAt: null }, data: { revokedAt: at } });
}

export async function endNodeKeys(tx: Tx, nodeId: string, at: Date): Promise<void> {
  await tx.nodeKey.updateMany({ where: { nodeId, revokedAt: null }, data: { revokedAt: at } });
}

/** No connection under a certificate of these keys is answered any more. */
export async function endCertificates(tx: Tx, jkts: readonly string[], at: Date): Promise<void> {
  await tx.certificate.updateMany({ where: { jkt: { in: [...jkts] }, revokedAt: null }, data: { revokedAt: at } });
}
