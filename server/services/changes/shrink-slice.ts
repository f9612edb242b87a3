import { stands } from '@/core/broker/fill-places';
import { Refused } from '@/core/errors';
import { fleetReachability } from '@/core/fleet/unusable';
import { demandChangeable } from '@/core/slice/change';
import { type Place, partsOf, shrunk } from '@/core/slice/placement';
import { chooseToGiveUp } from '@/core/slice/shrink';
import type { ShrinkAnswer, ShrinkInput } from '@/protocol/api/change';
import { enqueue } from '@/server/data/jobs';
import {
  type ChangeSliver,
  findChangeSlivers,
  giveUpSlivers,
  lockPlaced,
  type PlacedSlice,
  writePlacement,
} from '@/server/data/placed-slices';
import type { SliceFactsRow } from '@/server/data/slice-facts';
import type { Db } from '@/server/db';
import { notify } from '@/server/notify';
import { audit } from '../audit';
import type { Person } from '../policy';

type Chosen = { slivers: { sliver: ChangeSliver; why: string }[]; places: Place[] };

/**
 * Gives slivers up for good: released at once on nodes that are reached, on the others when they are back. The quota is free from now
 * on; the slice keeps what it was approved for, so that it may grow back without asking. One at least stays.
 * @throws Refused WRONG_STATE, INVALID_INPUT
 */
export function shrinkSlice(
  db: Db,
  person: Person,
  of: SliceFactsRow,
  input: Omit<ShrinkInput, 'name'>,
  now: Date,
): Promise<ShrinkAnswer> {
  return db.$transaction(async (tx) => {
    const slice = await lockPlaced(tx, of.id);
    if (!slice) throw new Refused('NOT_FOUND', { kind: 'slice', id: of.name });
    demandChangeable(slice.name, slice.state, slice.ownManager);
    const all = await findChangeSlivers(tx, slice.id);
    const { slivers, places } = choose(slice, all, input, now);
    const field = input.by === undefined ? 'slivers' : 'by';
    if (places.length === 0) throw invalid(field, 'name at least one sliver to give up');
    if (places.length >= slice.sliverCount)
      throw invalid(field, `one sliver stays at least; delete the slice to give up all ${slice.sliverCount}`);
    const ids = new Set(slivers.map(({ sliver }) => sliver.id));
    const staying = new Set(all.filter((v) => stands(v) && !ids.has(v.id)).map((v) => v.nodeUrn));
    const spec = shrunk(slice.spec, places, staying);
    await writePlacement(tx, slice.id, spec);
    const release = await giveUpSlivers(tx, [...ids], now);
    await enqueue(tx, [
      ...release.map((sliverId) => ({ task: 'release' as const, sliverId })),
      { task: 'deploy', sliceId: slice.id },
    ]);
    const to = slice.sliverCount - places.length;
    const facts = { from: slice.sliverCount, to, slivers: slivers.map(({ sliver }) => sliver.hostname).slice(0, 50) };
    await audit(tx, person, 'slice.shrink', { kind: 'slice', id: slice.name, siteId: slice.siteId }, facts, now);
    await notify(tx, { k: 'slice', slice: slice.id });
    if (ids.size > 0) await notify(tx, { k: 'sliver', slice: slice.id, ids: [...ids].slice(0, 150) });
    return {
      from: slice.sliverCount,
      to,
      minimum: { from: slice.minimumCount, to: spec.minimum },
      givenUp: slivers.map(({ sliver, why }) => ({
        id: sliver.id,
        hostname: sliver.hostname,
        why,
        later: stands(sliver) && !isOnline(sliver, now),
      })),
      emptyPlaces: places.filter((place) => place.node === null).length,
    };
  });
}

const invalid = (field: string, problem: string) => new Refused('INVALID_INPUT', { field, problem });
const isOnline = (v: ChangeSliver, now: Date) =>
  fleetReachability(v.written, v.heardAt?.getTime() ?? null, now.getTime()) === 'online';

/** Which go: those named, or by the rule. A place that stands empty is given up before any sliver. */
function choose(slice: PlacedSlice, all: readonly ChangeSliver[], input: Omit<ShrinkInput, 'name'>, now: Date): Chosen {
  const live = all.filter((v) => stands(v) && !v.movingIn);
  const empty = emptyPlaces(slice, live);
  // Of those that failed with nothing in their place, as many as there are empty places.
  const failed = all
    .filter((v) => v.reported === 'failed' && !v.substituted && !v.givenUpAt && !v.movingIn)
    .toReversed()
    .slice(0, empty.length);
  const candidates = [...failed, ...live];
  if (input.by !== undefined) {
    const bare = Math.min(input.by, empty.length - failed.length);
    const chosen = chooseToGiveUp(
      candidates.map((v) => ({
        ...v,
        node: v.nodeUrn,
        online: isOnline(v, now),
        draining: v.adminSwitch !== 'open',
        createdAt: v.createdAt.getTime(),
      })),
      input.by - bare,
    );
    const slivers = chosen.flatMap(({ id, why }) => {
      const sliver = candidates.find((v) => v.id === id);
      return sliver ? [{ sliver, why }] : [];
    });
    if (slivers.length + bare < input.by) throw invalid('by', `the slice has ${slice.sliverCount} places`);
    return { slivers, places: [...slivers.map(({ sliver }) => placeOf(sliver)), ...empty.slice(0, bare)] };
  }
  const slivers = [...new Set(input.slivers)].map((id) => {
    const sliver = candidates.find((v) => v.id === id);
    if (!sliver) throw invalid('slivers', `one of them is no sliver that the slice has now (${id})`);
    return { sliver, why: 'named' };
  });
  const named = slivers.filter(({ sliver }) => !stands(sliver)).length;
  if (input.emptyPlaces > empty.length - named) throw invalid('emptyPlaces', `${empty.length - named} stand empty`);
  return { slivers, places: [...slivers.map(({ sliver }) => placeOf(sliver)), ...empty.slice(0, input.emptyPlaces)] };
}

const placeOf = (v: ChangeSliver): Place => ({ node: v.nodeUrn, part: v.part });

/** A place for each sliver that is missing, by part. */
function emptyPlaces(slice: PlacedSlice, live: readonly ChangeSliver[]): Place[] {
  return partsOf(slice.spec).flatMap(({ part, wants }) => {
    const missing = Math.max(0, wants - live.filter((v) => v.part === part).length);
    return Array.from({ length: missing }, () => ({ node: null, part }));
  });
}
