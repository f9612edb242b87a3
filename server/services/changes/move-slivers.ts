import { stands } from '@/core/broker/fill-places';
import { Refused } from '@/core/errors';
import { demandChangeable, movesAtOnce } from '@/core/slice/change';
import type { MoveAnswer, MoveInput } from '@/protocol/api/change';
import { enqueue } from '@/server/data/jobs';
import { findPicked } from '@/server/data/matching-nodes';
import {
  type ChangeSliver,
  cancelMove,
  findChangeSlivers,
  giveUpSlivers,
  insertMoves,
  lockPlaced,
} from '@/server/data/placed-slices';
import type { SliceFactsRow } from '@/server/data/slice-facts';
import type { Db } from '@/server/db';
import { notify } from '@/server/notify';
import { audit } from '../audit';
import type { Person } from '../policy';

const invalid = (field: string, problem: string) => new Refused('INVALID_INPUT', { field, problem });

/**
 * Sets slivers on their way to other nodes, make before break: the worker has the new one run before the old one goes. They count
 * once against the quota; so many as core's `movesAtOnce` says are under way at once. What is on its way already stays on it.
 * @throws Refused WRONG_STATE, INVALID_INPUT, NOT_FOUND (the node to go to)
 */
export function moveSlivers(
  db: Db,
  person: Person,
  of: SliceFactsRow,
  input: Omit<MoveInput, 'name'>,
  now: Date,
): Promise<MoveAnswer> {
  return db.$transaction(async (tx) => {
    const slice = await lockPlaced(tx, of.id);
    if (!slice) throw new Refused('NOT_FOUND', { kind: 'slice', id: of.name });
    demandChangeable(slice.name, slice.state, slice.ownManager);
    const all = await findChangeSlivers(tx, slice.id);
    const chosen = choose(all, input);
    if (chosen.length === 0) throw invalid('slivers', 'none of them is a sliver that the slice has now');
    const targetNode = input.to ?? null;
    if (targetNode !== null) {
      if (chosen.length !== 1) throw invalid('to', 'one node takes one sliver of a slice; name one sliver');
      if ((await findPicked(tx, [targetNode])).length === 0)
        throw new Refused('NOT_FOUND', { field: 'to', kind: 'node', id: targetNode });
      if (all.some((v) => v.goneAt === null && v.nodeUrn === targetNode))
        throw invalid('to', 'the slice has a sliver there already, or one that has not left yet');
    }
    const how = { targetNode, otherSite: input.offSites.length > 0, createdAt: now };
    const begun = new Set(
      await insertMoves(
        tx,
        slice.id,
        chosen.map((v) => v.id),
        how,
      ),
    );
    const moves = chosen.filter((v) => begun.has(v.id)).map((v) => ({ sliverId: v.id, hostname: v.hostname }));
    if (moves.length === 0) return { moves, atOnce: 0 };
    await enqueue(tx, [{ task: 'deploy', sliceId: slice.id }]);
    const facts = { slivers: moves.map((m) => m.hostname).slice(0, 50), count: moves.length, to: targetNode };
    await audit(tx, person, 'slice.move', { kind: 'slice', id: slice.name, siteId: slice.siteId }, facts, now);
    await notify(tx, { k: 'slice', slice: slice.id });
    await notify(tx, { k: 'sliver', slice: slice.id, ids: [...begun].slice(0, 150) });
    return { moves, atOnce: Math.min(moves.length, movesAtOnce(slice.sliverCount)) };
  });
}

function choose(all: readonly ChangeSliver[], input: Omit<MoveInput, 'name'>): ChangeSliver[] {
  const open = (v: ChangeSliver) =>
    !v.movingIn && (stands(v) || (v.reported === 'failed' && !v.substituted && !v.givenUpAt));
  const lost = input.slivers.find((id) => !all.some((v) => v.id === id && open(v)));
  if (lost !== undefined) throw invalid('slivers', `one of them is no sliver that the slice has now (${lost})`);
  const strange = input.offNodes.find((urn) => !all.some((v) => v.nodeUrn === urn));
  if (strange !== undefined) throw invalid('offNodes', `the slice has nothing on ${strange.split('+').at(-1)}`);
  const named = new Set(input.slivers);
  return all.filter(
    (v) =>
      open(v) &&
      (named.has(v.id) ||
        input.offNodes.includes(v.nodeUrn) ||
        input.offSites.includes(v.site) ||
        (input.failed && !stands(v))),
  );
}

/** Calls a move off: the old sliver stays, the new one goes. @throws Refused CONFLICT where none is under way (any more) */
export function cancelSliverMove(
  db: Db,
  person: Person,
  of: SliceFactsRow,
  sliverId: string,
  now: Date,
): Promise<void> {
  return db.$transaction(async (tx) => {
    await lockPlaced(tx, of.id);
    const toId = await cancelMove(tx, of.id, sliverId, now);
    if (toId === undefined)
      throw new Refused('CONFLICT', {
        kind: 'sliver',
        id: of.name,
        problem: 'it is not on its way to another node any more',
      });
    const release = toId === null ? [] : await giveUpSlivers(tx, [toId], now);
    await enqueue(tx, [
      ...release.map((id) => ({ task: 'release' as const, sliverId: id })),
      { task: 'deploy', sliceId: of.id },
    ]);
    await audit(tx, person, 'slice.move.cancelled', { kind: 'slice', id: of.name, siteId: of.siteId }, {}, now);
    await notify(tx, { k: 'slice', slice: of.id });
    await notify(tx, { k: 'sliver', slice: of.id, ids: [sliverId, ...(toId ? [toId] : [])] });
  });
}
