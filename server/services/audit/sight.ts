import type { AuditSight } from '@/server/data/audit-trail';
import type { Person } from '@/server/services/policy';

/** Operators see all; a PI and a tech what was done at their site; everybody what they did, and what became of their slices. */
export function auditSight(person: Person): AuditSight {
  if (person.operator) return 'all';
  const sites = person.memberships.filter(({ role }) => role === 'pi' || role === 'tech');
  return { userId: person.id, siteIds: sites.map(({ siteId }) => siteId) };
}
