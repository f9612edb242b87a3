import type { z } from 'zod';
import { Refused } from '@/core/errors';
import { renewedEnd } from '@/core/slice/renewal';
import type { RenewInput } from '@/protocol/api/slice';
import { findQuota } from '@/server/data/quotas';
import { insertRequest } from '@/server/data/requests';
import { findSliceState } from '@/server/data/slice-requests';
import type { Db } from '@/server/db';
import { notify } from '@/server/notify';
import { audit } from '../audit';
import { demand, type Person } from '../policy';
import { noQuota } from '../quota';
import { tellDeciders } from './tell-deciders';

/**
 * Asks for more time: `termSeconds` from the present end. A PI decides.
 * @throws Refused WRONG_STATE, LEASE_OVER, TERM_TOO_LONG (further ahead from now than the quota allows), TOTAL_TOO_LONG, INVALID_INPUT, NOT_ALLOWED (left the site), CONFLICT (a request waits already)
 */
export function renewSlice(
  db: Db,
  person: Person,
  sliceId: string,
  input: z.infer<typeof RenewInput>,
  now: Date,
): Promise<void> {
  return db.$transaction(async (tx) => {
    const slice = await findSliceState(tx, sliceId);
    if (!slice) throw new Refused('NOT_FOUND', { kind: 'slice', id: input.name });
    demand(person, 'request.create', { siteId: slice.siteId });
    const quota = (await findQuota(tx, slice.siteId)) ?? noQuota;
    renewedEnd(
      { ...slice, startsAt: slice.startsAt?.getTime() ?? null, endsAt: slice.endsAt?.getTime() ?? null },
      input.termSeconds,
      quota,
      now.getTime(),
    );
    const { reason, termSeconds } = input;
    const request = await insertRequest(tx, {
      kind: 'renew',
      sliceId,
      requestedById: person.id,
      reason,
      termSeconds,
      createdAt: now,
    });
    if (!request)
      throw new Refused('CONFLICT', {
        kind: 'request',
        id: slice.name,
        problem: 'a request for this slice waits already',
      });
    const object = { kind: 'slice', id: slice.name, siteId: slice.siteId };
    await audit(tx, person, 'slice.renew', object, { termSeconds, reason }, now);
    await tellDeciders(tx, slice.siteId, person, { slice: slice.name, kind: 'renew' }, now);
    await notify(tx, { k: 'request', site: slice.siteId, slice: sliceId });
    await notify(tx, { k: 'slice', slice: sliceId });
  });
}
