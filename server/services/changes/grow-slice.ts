import { Refused } from '@/core/errors';
import { overQuota, quotaOf } from '@/core/quota/quota';
import { demandChangeable } from '@/core/slice/change';
import { type GrowAnswer, type GrowCheck, type GrowInput, SliceChange } from '@/protocol/api/change';
import { findPlaced, lockPlaced, type PlacedSlice } from '@/server/data/placed-slices';
import { findQuota, lockQuota, sumHeld } from '@/server/data/quotas';
import { insertRequest } from '@/server/data/requests';
import { findSiteRef } from '@/server/data/sites';
import type { SliceFactsRow } from '@/server/data/slice-facts';
import type { Db, Tx } from '@/server/db';
import { notify } from '@/server/notify';
import { audit } from '../audit';
import { demand, type Person } from '../policy';
import { noQuota, quotaMeter } from '../quota';
import { tellDeciders } from '../requests/tell-deciders';
import { applyGrowth } from './apply-growth';
import { addedBy, demandGrowth, growthProblems, needsApproval } from './judge-growth';

const normal = (input: Omit<GrowInput, 'name' | 'reason'>): SliceChange =>
  SliceChange.parse({ ...input, picked: [...new Set(input.picked)] });

function present(slice: PlacedSlice | null, name: string): PlacedSlice {
  if (!slice) throw new Refused('NOT_FOUND', { kind: 'slice', id: name });
  demandChangeable(slice.name, slice.state, slice.ownManager);
  return slice;
}

/**
 * Asks for more slivers. Within what was approved before it is done at once; else a PI decides, and the request waits.
 * @throws Refused WRONG_STATE, INVALID_INPUT, NOT_FOUND (picked), OVER_QUOTA (at once only; else the PI meets it), NOT_ALLOWED (left the
 * site), CONFLICT (a request waits already)
 */
export function growSlice(db: Db, person: Person, of: SliceFactsRow, input: GrowInput, now: Date): Promise<GrowAnswer> {
  const change = normal(input);
  const added = addedBy(change);
  return db.$transaction(async (tx) => {
    demand(person, 'request.create', { siteId: of.siteId });
    const quota = (await lockQuota(tx, of.siteId)) ?? noQuota;
    const slice = present(await lockPlaced(tx, of.id), of.name);
    await demandGrowth(tx, slice, change);
    const object = { kind: 'slice', id: slice.name, siteId: slice.siteId };
    const { reason } = input;
    const facts = { from: slice.sliverCount, to: slice.sliverCount + added, countries: change.onlyCountries, reason };
    if (!needsApproval(slice, change)) {
      const over = overQuota(quota, await sumHeld(tx, slice.siteId), quotaOf(slice, added));
      if (over) throw new Refused(over.code, over.facts);
      await applyGrowth(tx, slice, change, false, now);
      await audit(tx, person, 'slice.grow', object, facts, now);
      await notify(tx, { k: 'slice', slice: slice.id });
      return { at: 'once' as const, from: facts.from, to: facts.to };
    }
    if (reason.length < 10) {
      const problem = 'say in a sentence what the further slivers are for: at least 10 characters';
      throw new Refused('INVALID_INPUT', { field: 'reason', problem });
    }
    const request = { kind: 'change' as const, sliceId: slice.id, requestedById: person.id, reason, termSeconds: 0 };
    if (!(await insertRequest(tx, { ...request, change, createdAt: now }))) {
      const problem = 'a request for this slice waits already; withdraw it first';
      throw new Refused('CONFLICT', { kind: 'request', id: slice.name, problem });
    }
    await audit(tx, person, 'slice.change', object, facts, now);
    await tellDeciders(tx, slice.siteId, person, { slice: slice.name, kind: 'change' }, now);
    await notify(tx, { k: 'request', site: slice.siteId, slice: slice.id });
    await notify(tx, { k: 'slice', slice: slice.id });
    return { at: 'pending' as const, from: facts.from, to: facts.to };
  });
}

/** What growing would meet now: said while it is being filled in. Changes nothing. @throws Refused WRONG_STATE */
export async function checkGrowth(
  db: Tx,
  of: SliceFactsRow,
  input: Omit<GrowInput, 'name' | 'reason'>,
  now: Date,
): Promise<GrowCheck> {
  const change = normal(input);
  const slice = present(await findPlaced(db, of.id), of.name);
  const [quota, used, site] = await Promise.all([
    findQuota(db, slice.siteId),
    sumHeld(db, slice.siteId),
    findSiteRef(db, { id: slice.siteId }),
  ]);
  const { problems, matching } = await growthProblems(db, slice, change, { limit: quota ?? noQuota, used }, now);
  const blocking = await demandGrowth(db, slice, change).then(
    () => null,
    (err: unknown) => {
      if (err instanceof Refused) return err;
      throw err;
    },
  );
  const field = blocking && typeof blocking.facts.field === 'string' ? blocking.facts.field : 'count';
  return {
    ok: blocking === null,
    problems: [...(blocking ? [{ field, reason: blocking.reason }] : []), ...problems],
    matching,
    from: slice.sliverCount,
    to: slice.sliverCount + addedBy(change),
    approvedCount: slice.approvedCount,
    needsApproval: needsApproval(slice, change),
    quota: quota && site && quotaMeter(site, quota, used, quotaOf(slice, addedBy(change))),
  };
}
