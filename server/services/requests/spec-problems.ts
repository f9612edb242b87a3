import type { Reason } from '@/core/errors';
import { overQuota, quotaOf } from '@/core/quota/quota';
import { type Matching, matchingOf, matchingProblems } from '@/core/slice/matching';
import { sliceNameProblem } from '@/core/slice/name';
import { countMatching, findPicked } from '@/server/data/matching-nodes';
import { findQuota, type QuotaRow, sumHeld } from '@/server/data/quotas';
import { isNameTaken } from '@/server/data/slice-requests';
import type { Tx } from '@/server/db';
import { noQuota } from '../quota';
import type { SpecInProgress } from './spec-in-progress';

/** Profiles that a person may ask for; the administrative ones come with a later issue. */
const PROFILES = ['standard'];

export type Problem = { field: string; reason: Reason };
export type Judged = {
  /** What refuses the request. */
  blocking: Problem[];
  /** What would refuse its approval or its deployment if nothing changed: said, but it may change before a PI decides. */
  advisory: Problem[];
  matching: Matching;
  quota: QuotaRow | null;
  used: Awaited<ReturnType<typeof sumHeld>>;
};

const invalid = (field: string, problem: string): Problem => ({
  field,
  reason: { code: 'INVALID_INPUT', facts: { field, problem } },
});

/** Judges a spec for a site. Reads only; a few milliseconds with a fleet of thousands. */
export async function judgeSpec(db: Tx, siteId: string, spec: SpecInProgress, now: Date): Promise<Judged> {
  const nameProblem = sliceNameProblem(spec.site, spec.shortName);
  const name = `${spec.site}_${spec.shortName}`;
  const pickedUrns = [...new Set(spec.picked)];
  const [taken, picked, groups, quota, used] = await Promise.all([
    nameProblem === null && isNameTaken(db, name),
    findPicked(db, pickedUrns),
    countMatching(db, spec, now),
    findQuota(db, siteId),
    sumHeld(db, siteId),
  ]);
  const matching = matchingOf(groups, picked, spec.maxPerSite);
  const blocking: Problem[] = [];
  if (nameProblem) blocking.push(invalid('shortName', nameProblem));
  if (taken) blocking.push({ field: 'shortName', reason: { code: 'NAME_TAKEN', facts: { name } } });
  const unknown = pickedUrns.find((urn) => !picked.some((node) => node.urn === urn));
  if (unknown) blocking.push({ field: 'picked', reason: { code: 'NOT_FOUND', facts: { kind: 'node', id: unknown } } });
  blocking.push(...shapeProblems(spec, pickedUrns.length));
  if (quota && spec.termSeconds > quota.maxTermSeconds) {
    const facts = { askedSeconds: spec.termSeconds, maxSeconds: quota.maxTermSeconds };
    blocking.push({ field: 'termSeconds', reason: { code: 'TERM_TOO_LONG', facts } });
  }
  const advisory: Problem[] = matchingProblems({ ...spec, picked: pickedUrns.length }, matching);
  const over = overQuota(quota ?? noQuota, used, quotaOf(spec.resources, spec.count + pickedUrns.length));
  if (over) advisory.push({ field: 'quota', reason: over });
  return { blocking, advisory, matching, quota, used };
}

/** What is wrong with the numbers by themselves. */
function shapeProblems(spec: SpecInProgress, picked: number): Problem[] {
  const total = spec.count + picked;
  const problems: Problem[] = [];
  if (total === 0) problems.push(invalid('count', 'ask for at least one node'));
  else if (spec.minimum > total) problems.push(invalid('minimum', `at most ${total}, the number of nodes asked for`));
  if (total > 0 && spec.minCountries > total)
    problems.push(invalid('minCountries', `at most ${total}, the number of nodes asked for`));
  if (spec.onlyCountries.length > 0 && spec.minCountries > spec.onlyCountries.length + picked) {
    problems.push(invalid('minCountries', `only ${spec.onlyCountries.length} countries are allowed above`));
  }
  if (!PROFILES.includes(spec.resources.profile)) {
    const facts = { profile: spec.resources.profile, offers: PROFILES };
    problems.push({ field: 'resources.profile', reason: { code: 'PROFILE_UNKNOWN', facts } });
  }
  return problems;
}
