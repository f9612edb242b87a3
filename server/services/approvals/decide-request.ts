import type { z } from 'zod';
import { Refused } from '@/core/errors';
import { overQuota } from '@/core/quota/quota';
import { renewedEnd, type TermPolicy } from '@/core/slice/renewal';
import { stepSlice } from '@/core/slice/state';
import type { DecideInput } from '@/protocol/api/approval';
import { SliceChange } from '@/protocol/api/change';
import type { SliceState } from '@/protocol/api/common';
import { enqueue } from '@/server/data/jobs';
import { lockPlaced } from '@/server/data/placed-slices';
import { lockQuota, sumHeld } from '@/server/data/quotas';
import { findRequest, insertDecision, updatePending, updateRenewedEnd } from '@/server/data/requests';
import { lockSliceState } from '@/server/data/slice-changes';
import { updateApproved, updateHandedOver, updateOwnRenewed, updateRefused } from '@/server/data/slice-requests';
import type { Db, Tx } from '@/server/db';
import { notify } from '@/server/notify';
import { audit } from '../audit';
import { applyGrowth } from '../changes/apply-growth';
import { tell } from '../notifications';
import { demand, type Person } from '../policy';
import { noQuota } from '../quota';
import { wantedOf } from './wanted-of';

type Request = NonNullable<Awaited<ReturnType<typeof findRequest>>>;

/**
 * Decides a pending request. The site's quota row is locked before anything is judged, so that two PIs cannot both spend
 * the last of it. What follows from an approval is a job added in the same transaction.
 * The order of locks is quota, slice, request, here and wherever two of them are taken.
 * @throws Refused OWN_REQUEST, REQUEST_DECIDED, OVER_QUOTA, TERM_TOO_LONG, TOTAL_TOO_LONG, WRONG_STATE, INVALID_INPUT (rejection without comment)
 */
export async function decideRequest(
  db: Db,
  by: Person,
  input: z.infer<typeof DecideInput>,
  now: Date,
): Promise<{ name: string; state: SliceState }> {
  const { requestId, outcome, comment } = input;
  if (outcome === 'rejected' && comment === '') {
    throw new Refused('INVALID_INPUT', { field: 'comment', problem: 'say why: the person who asked reads it' });
  }
  return await db.$transaction(async (tx) => {
    const request = await findRequest(tx, requestId);
    if (!request) throw new Refused('NOT_FOUND', { kind: 'request', id: requestId });
    const { slice } = request;
    if (request.requestedById === by.id) throw new Refused('OWN_REQUEST', { requestId });
    demand(by, 'request.decide', { siteId: slice.siteId, requestedById: request.requestedById });
    const quota = (await lockQuota(tx, slice.siteId)) ?? noQuota;
    await lockSliceState(tx, slice.id);
    const used = await sumHeld(tx, slice.siteId);
    const wants = wantedOf(request);
    if (!(await updatePending(tx, requestId, outcome))) {
      const state = (await findRequest(tx, requestId))?.state ?? 'gone';
      throw new Refused('REQUEST_DECIDED', { requestId, state });
    }
    if (outcome === 'approved') {
      const over = overQuota(quota, used, wants);
      if (over) throw new Refused(over.code, over.facts);
      if (request.kind === 'create' && request.termSeconds > quota.maxTermSeconds) {
        throw new Refused('TERM_TOO_LONG', { askedSeconds: request.termSeconds, maxSeconds: quota.maxTermSeconds });
      }
    }
    const state = outcome === 'approved' ? await approve(tx, request, quota, now) : await reject(tx, request);
    const { maxTermSeconds: _, maxTotalSeconds: __, ...limit } = quota;
    await insertDecision(tx, { requestId, byId: by.id, outcome, comment, quota: { limit, used, wants }, at: now });
    const object = { kind: 'slice', id: slice.name, siteId: slice.siteId };
    await audit(
      tx,
      by,
      `request.${outcome}`,
      object,
      { kind: request.kind, termSeconds: request.termSeconds, comment },
      now,
    );
    const facts = { slice: slice.name, kind: request.kind, outcome, by: by.name, comment };
    await tell(tx, [request.requestedById], {
      kind: 'request-decided',
      facts,
      href: `/slices/${slice.name}`,
      createdAt: now,
    });
    await notify(tx, { k: 'request', site: slice.siteId, slice: slice.id });
    await notify(tx, { k: 'slice', slice: slice.id });
    return { name: slice.name, state };
  });
}

/** The worker does the rest: `deploy`, or `renew`, which moves the end once enough nodes have taken the new tickets. */
async function approve(tx: Tx, request: Request, policy: TermPolicy, now: Date): Promise<SliceState> {
  const { slice } = request;
  if (request.kind === 'change') {
    const placed = await lockPlaced(tx, slice.id);
    if (!placed) throw new Refused('NOT_FOUND', { kind: 'slice', id: slice.name });
    await applyGrowth(tx, placed, SliceChange.parse(request.change), true, now);
    return placed.state;
  }
  if (request.kind === 'renew') {
    const present = {
      ...slice,
      startsAt: slice.startsAt?.getTime() ?? null,
      endsAt: slice.endsAt?.getTime() ?? null,
    };
    const end = renewedEnd(present, request.termSeconds, policy, now.getTime());
    await updateRenewedEnd(tx, request.id, new Date(end));
    if (slice.ownManager) {
      await updateOwnRenewed(tx, slice.id, request.id, new Date(end), now);
      return 'active';
    }
    await enqueue(tx, [{ task: 'renew', sliceId: slice.id, requestId: request.id }]);
    return slice.state;
  }
  const state = stepSlice(slice.state, 'approve', slice.name);
  if (!(await updateApproved(tx, slice.id, now, new Date(now.getTime() + request.termSeconds * 1000)))) {
    throw new Refused('WRONG_STATE', { kind: 'slice', id: slice.name, state: slice.state, needs: 'requested' });
  }
  if (slice.ownManager) {
    await updateHandedOver(tx, slice.id, now);
    return 'active';
  }
  await enqueue(tx, [{ task: 'deploy', sliceId: slice.id }]);
  return state;
}

async function reject(tx: Tx, request: Request): Promise<SliceState> {
  if (request.kind !== 'create') return request.slice.state;
  await updateRefused(tx, request.slice.id, 'rejected');
  return 'rejected';
}
