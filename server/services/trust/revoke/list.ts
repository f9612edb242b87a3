import { z } from 'zod';
import type { RevocationView } from '@/protocol/api/revocations';
import { findActs } from '@/server/data/revoke/list';
import type { Tx } from '@/server/db';
import { may, type Person } from '@/server/services/policy';

const MOST = 200;

/** A JSON column is a boundary too. */
const Facts = z.object({
  what: z.enum(['delegation', 'agent', 'node', 'key', 'ticket']).catch('delegation'),
  name: z.string().catch(''),
  by: z.string().catch(''),
  delegations: z.int().catch(0),
  tickets: z.int().catch(0),
  leases: z.int().catch(0),
  slices: z.array(z.string()).catch([]),
  siteIds: z.array(z.string()).catch([]),
});

/** What was taken back, newest first: all for an operator, else one's own acts and those that meet one's sites' nodes. */
export async function listRevocations(tx: Tx, person: Person): Promise<RevocationView[]> {
  const rows = await findActs(tx, MOST);
  return rows.flatMap((row) => {
    const { what, siteIds, by, ...facts } = Facts.parse(row.facts);
    const own =
      row.byId === person.id ||
      person.memberships.some((one) => one.role !== 'researcher' && siteIds.includes(one.siteId));
    if (!person.operator && !own) return [];
    return [
      {
        id: row.id,
        number: Number(row.number),
        kind: what,
        ...facts,
        at: row.at,
        by: row.by ?? (by || 'somebody who is no longer here'),
        reason: row.reason,
        endLeases: row.endLeases,
        heard: { by: row.heardBy, of: row.of, away: row.away },
        expiresAt: row.forGood ? null : row.expiresAt,
        liftedAt: row.liftedAt,
        mayRestore: what === 'delegation' && row.liftedAt === null && may(person, 'trust.restore', null),
      },
    ];
  });
}
