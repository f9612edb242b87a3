import { stands } from '@/core/broker/fill-places';
import { type Reason, Refused } from '@/core/errors';
import { overQuota, type QuotaAmounts, quotaOf } from '@/core/quota/quota';
import { matchingOf, matchingProblems } from '@/core/slice/matching';
import { placesOf } from '@/core/slice/placement';
import { MOST_SLIVERS, type SliceChange } from '@/protocol/api/change';
import { countMatching, findPicked } from '@/server/data/matching-nodes';
import { type ChangeSliver, findChangeSlivers, type PlacedSlice } from '@/server/data/placed-slices';
import type { QuotaRow } from '@/server/data/quotas';
import type { Tx } from '@/server/db';

/** How many slivers it adds. */
export const addedBy = (change: SliceChange) => change.count + new Set(change.picked).size;

const invalid = (field: string, problem: string) => new Refused('INVALID_INPUT', { field, problem });

/** What of a change can never be: its numbers, nodes that the slice is on. @throws Refused INVALID_INPUT, NOT_FOUND, each with its field */
export async function demandGrowth(db: Tx, slice: PlacedSlice, change: SliceChange): Promise<void> {
  const added = addedBy(change);
  if (added === 0) throw invalid('count', 'ask for at least one more');
  const to = slice.sliverCount + added;
  if (to > MOST_SLIVERS || slice.spec.count + change.count > MOST_SLIVERS || slice.spec.more.length >= 100)
    throw invalid('count', `a slice has at most ${MOST_SLIVERS.toLocaleString('en')} slivers`);
  if (slice.spec.picked.length + change.picked.length > 1000)
    throw invalid('picked', 'a slice has at most 1,000 picked nodes');
  if (change.picked.length === 0) return;
  const known = await findPicked(db, change.picked);
  const unknown = change.picked.find((urn) => !known.some((node) => node.urn === urn));
  if (unknown) throw new Refused('NOT_FOUND', { field: 'picked', kind: 'node', id: unknown });
  const held = new Set([...slice.spec.picked, ...(await liveSlivers(db, slice.id)).map((v) => v.nodeUrn)]);
  const twice = change.picked.find((urn) => held.has(urn));
  if (twice) throw invalid('picked', `the slice has a sliver on ${twice.split('+').at(-1)} already`);
}

async function liveSlivers(db: Tx, sliceId: string): Promise<ChangeSliver[]> {
  return (await findChangeSlivers(db, sliceId)).filter((v) => v.goneAt === null);
}

/** What would refuse it, or leave places empty, if nothing changed until then. */
export async function growthProblems(
  db: Tx,
  slice: PlacedSlice,
  change: SliceChange,
  quota: { limit: QuotaRow; used: QuotaAmounts },
  now: Date,
): Promise<{ problems: { field: string; reason: Reason }[]; matching: number }> {
  const live = (await liveSlivers(db, slice.id)).filter(stands);
  const onlyCountries = change.onlyCountries.length > 0 ? change.onlyCountries : slice.spec.onlyCountries;
  const taken = [...live.map((v) => v.nodeUrn), ...change.picked];
  const [groups, picked] = await Promise.all([
    countMatching(db, { resources: slice.spec.resources, onlyCountries, picked: taken }, now),
    findPicked(db, change.picked),
  ]);
  const { choosable } = matchingOf(groups, [...live, ...picked], slice.spec.maxPerSite);
  const wants = { count: change.count, picked: 0, minCountries: 0 };
  const problems = matchingProblems(wants, { nodes: choosable, countries: 1, choosable });
  const over = overQuota(quota.limit, quota.used, quotaOf(slice, addedBy(change)));
  if (over) problems.push({ field: 'quota', reason: over });
  return { problems, matching: choosable };
}

/** Has somebody to approve it? Not while the total stays within what was approved before. */
export function needsApproval(slice: PlacedSlice, change: SliceChange): boolean {
  return placesOf(slice.spec) + addedBy(change) > slice.approvedCount;
}
