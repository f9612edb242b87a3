import type { Me } from '@/protocol/api/people';
import { countOwnSlices, countPending, countUnread, findMemberships } from '@/server/data/me';
import type { Tx } from '@/server/db';
import type { Person } from '../policy';

/** A slice that ends within this span needs its owner. */
const ENDING_SOON_MS = 3 * 86_400_000;

/** Who one is, one's sites, and the counts of what needs one now. */
export async function getMe(db: Tx, person: Person, now: Date): Promise<Me> {
  const decides = person.memberships.filter((m) => m.role === 'pi').map((m) => m.siteId);
  const [memberships, approvals, own, unread] = await Promise.all([
    findMemberships(db, person.id),
    person.operator || decides.length > 0 ? countPending(db, person.operator ? null : decides, person.id) : 0,
    countOwnSlices(db, person.id, now, new Date(now.getTime() + ENDING_SOON_MS)),
    countUnread(db, person.id),
  ]);
  const { id, name, email, urn, operator } = person;
  return {
    person: { id, name, email, urn, operator },
    memberships,
    needsMe: { approvals, endingSlices: own.ending, degradedSlices: own.degraded, unread },
  };
}
