import { Refused } from '@/core/errors';
import { isChangeable } from '@/core/slice/change';
import { isRenewable, latestEnd, type TermPolicy } from '@/core/slice/renewal';
import { nextSliceState } from '@/core/slice/state';
import { PlacedSpec, type SliceView } from '@/protocol/api/slice';
import { findQuota } from '@/server/data/quotas';
import { findLeaving, findSliceDetail } from '@/server/data/slice-detail';
import { findSliceItem } from '@/server/data/slice-rows';
import type { Tx } from '@/server/db';
import { may, type Person } from '@/server/services/policy';
import { requestView } from '@/server/services/requests/request-view';

/** The part of a slice's view that is the same for everyone, with what `mayOf` needs. Null when there is no such slice. */
export async function readSlice(db: Tx, sliceId: string) {
  const [item, detail] = await Promise.all([findSliceItem(db, sliceId), findSliceDetail(db, sliceId)]);
  if (!item || !detail) return null;
  const { siteId, ownerId, members, requests, spec, ...rest } = detail;
  const quota = await findQuota(db, siteId);
  const leaving = ['deleting', 'failed', 'deleted'].includes(item.state) ? await findLeaving(db, sliceId) : null;
  return {
    facts: { siteId, ownerId, memberIds: members.map((m) => m.user.id) },
    shared: {
      ...item,
      ...rest,
      spec: PlacedSpec.parse(spec),
      latestEnd: quota && latestEndOf(item.startsAt, quota),
      members: members.map((m) => m.user),
      requests: requests.map(requestView),
      leaving: leaving && leaving.count > 0 ? leaving : null,
    },
  };
}
export type ReadSlice = NonNullable<Awaited<ReturnType<typeof readSlice>>>;

/** The slice as this person sees it: what they may do is asked of the policy, and of the slice's state. */
export function asSeenBy(person: Person, { facts, shared }: ReadSlice): SliceView {
  const { state } = shared;
  const pending = shared.requests.find((r) => r.state === 'pending');
  const runs = state === 'active' || state === 'degraded' || state === 'deploying';
  return {
    ...shared,
    may: {
      exec: runs && may(person, 'slice.exec', facts),
      delete:
        nextSliceState(state, 'delete') !== null &&
        !['deleting', 'deleted'].includes(state) &&
        may(person, 'slice.delete', facts),
      renew: isRenewable(state) && may(person, 'slice.renew', facts),
      change: isChangeable(state) && !shared.spec.ownManager && may(person, 'slice.change', facts),
      move: isChangeable(state) && !shared.spec.ownManager && may(person, 'slice.move', facts),
      withdraw: pending !== undefined && may(person, 'slice.withdraw', facts),
      members: may(person, 'slice.members', facts),
      decide:
        pending !== undefined &&
        may(person, 'request.decide', { siteId: facts.siteId, requestedById: pending.requestedBy.id }),
    },
  };
}

/** Until when a slice that began then can be renewed at most. */
export function latestEndOf(startsAt: Date | null, policy: Pick<TermPolicy, 'maxTotalSeconds'>): Date | null {
  return startsAt && new Date(latestEnd(startsAt.getTime(), policy));
}

/** The slice with all that its page shows, and what `person` may do there. @throws Refused NOT_FOUND */
export async function viewSlice(db: Tx, person: Person, sliceId: string): Promise<SliceView> {
  const read = await readSlice(db, sliceId);
  if (!read) throw new Refused('NOT_FOUND', { kind: 'slice', id: sliceId });
  return asSeenBy(person, read);
}
