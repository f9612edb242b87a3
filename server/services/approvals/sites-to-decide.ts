import type { Person } from '../policy';

/** Ids of the sites whose requests the person decides; null for all. */
export function sitesToDecide(person: Person): string[] | null {
  return person.operator ? null : person.memberships.filter((m) => m.role === 'pi').map((m) => m.siteId);
}
