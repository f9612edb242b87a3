import { Refused } from '@/core/errors';
import { formatUrn } from '@/core/identity/urn';
import { hardOf } from '@/core/resources/vector';
import { sliceName } from '@/core/slice/name';
import type { SliceSpec } from '@/protocol/api/slice';
import { countPendingOf, insertRequest } from '@/server/data/requests';
import { insertSlice } from '@/server/data/slice-requests';
import type { Db } from '@/server/db';
import { urnAuthority } from '@/server/env';
import { notify } from '@/server/notify';
import { audit } from '../audit';
import type { Person } from '../policy';
import { demandSite } from './demand-site';
import { judgeSpec } from './spec-problems';
import { tellDeciders } from './tell-deciders';

/** How long slivers are kept, stopped, after the term; part of what the node signs. */
const GRACE_SECONDS = 86_400;
const MOST_PENDING = 50;

/**
 * Asks for a slice: it exists from now on, in state `requested`, with the asker as owner and member.
 * @throws Refused INVALID_INPUT, NAME_TAKEN, NOT_FOUND (site, picked node), NOT_ALLOWED, TERM_TOO_LONG, CONFLICT
 */
export async function requestSlice(db: Db, person: Person, asked: SliceSpec, now: Date): Promise<{ name: string }> {
  const site = await demandSite(db, person, asked.site);
  const spec = { ...asked, picked: [...new Set(asked.picked)] };
  const { blocking } = await judgeSpec(db, site.id, spec, now);
  const first = blocking[0];
  if (first) throw new Refused(first.reason.code, { field: first.field, ...first.reason.facts });
  const name = sliceName(spec.site, spec.shortName);
  await db.$transaction(async (tx) => {
    if ((await countPendingOf(tx, person.id)) >= MOST_PENDING) {
      throw new Refused('CONFLICT', {
        kind: 'request',
        problem: `${MOST_PENDING} of your requests wait already; withdraw one first`,
      });
    }
    const sliceId = await insertSlice(tx, {
      name,
      urn: formatUrn({ authority: urnAuthority(), site: site.loginBase, kind: 'slice', name }),
      siteId: site.id,
      ownerId: person.id,
      spec,
      sliverCount: spec.count + spec.picked.length,
      minimumCount: spec.minimum,
      ...hardOf(spec.resources),
      termSeconds: spec.termSeconds,
      graceSeconds: GRACE_SECONDS,
      ownManager: spec.ownManager,
      createdAt: now,
    });
    if (!sliceId) throw new Refused('NAME_TAKEN', { name });
    const { reason, termSeconds } = spec;
    await insertRequest(tx, { kind: 'create', sliceId, requestedById: person.id, reason, termSeconds, createdAt: now });
    const facts = { slivers: spec.count + spec.picked.length, termSeconds, reason };
    await audit(tx, person, 'slice.request', { kind: 'slice', id: name, siteId: site.id }, facts, now);
    await tellDeciders(tx, site.id, person, { slice: name, kind: 'create' }, now);
    await notify(tx, { k: 'request', site: site.id, slice: sliceId });
  });
  return { name };
}
