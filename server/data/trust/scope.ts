import type { Person } from '@/server/services/policy';
import { Prisma } from '../../generated/prisma/client';

/**
 * The nodes whose trust a person sees, as SQL over "Node" n: an operator all; a PI or tech their sites'; everybody those on which
 * slices of theirs have slivers. (Nodes themselves everybody sees; here it is who hands out what of them.)
 */
export function visibleNodes(person: Person): Prisma.Sql {
  if (person.operator) return Prisma.sql`true`;
  const sites = [...new Set(person.memberships.filter((m) => m.role !== 'researcher').map((m) => m.siteId))];
  return Prisma.sql`(n."siteId" = ANY(${sites}::uuid[]) OR EXISTS (
    SELECT FROM "Sliver" v JOIN "SliceMember" m ON m."sliceId" = v."sliceId"
    WHERE v."nodeId" = n.id AND v."goneAt" IS NULL AND m."userId" = ${person.id}))`;
}
