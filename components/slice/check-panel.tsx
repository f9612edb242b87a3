'use client';
import type { SpecCheck } from '@/protocol/api/slice';
import { wordsFor } from '../refusal/refusal';
import { refusalOf } from '../refusal/refusal-of';
import { Button } from '../ui/button';
import { count, duration, plural } from '../ui/format';
import { Skeleton } from '../ui/skeleton';
import { StateShape } from '../ui/state-mark';
import { type Draft, totalOf } from './draft';
import { problemInList } from './problem-words';
import { QuotaLines } from './quota-lines';

type CheckPanelProps = {
  check: SpecCheck | undefined;
  error: unknown;
  stale: boolean;
  draft: Draft;
  onRetry: () => void;
};

/** Beside the form: whether it could be had right now, and what it would use of the quota. Keeps its place while it asks. */
export function CheckPanel({ check, error, stale, draft, onRetry }: CheckPanelProps) {
  const total = totalOf(draft);
  // What is wrong with name and reason stands at their fields.
  const problems = (check?.problems ?? []).filter(({ field }) => field !== 'shortName' && field !== 'reason');
  return (
    <aside
      aria-label="Would it work?"
      className="rounded border border-line bg-raised p-4 max-lg:mb-5 lg:sticky lg:top-16 lg:col-start-2 lg:row-span-2 lg:row-start-1"
    >
      <h2 className="font-semibold">
        {Number.isNaN(total) ? 'Would it work?' : `${plural(total, 'sliver')} for ${daysOf(draft)}`}
      </h2>
      {/* Not paled while it asks again: what stands there must stay readable. */}
      <div aria-busy={stale} aria-live="polite" className="mt-3 flex flex-col gap-4">
        {error ? (
          <div className="text-soft text-table">
            <p>{wordsOf(error)}</p>
            <Button className="mt-2" onClick={onRetry} size="sm">
              Check again
            </Button>
          </div>
        ) : !check ? (
          <div className="flex flex-col gap-2">
            <Skeleton className="w-40" />
            <Skeleton className="w-56" />
            <span className="sr-only">Fill in the form to see whether it would work.</span>
          </div>
        ) : (
          <>
            <div>
              <p className="flex items-baseline gap-2">
                <StateShape className="translate-y-px" tone={problems.length === 0 ? 'running' : 'degraded'} />
                <span className="font-medium">{problems.length === 0 ? 'Could be had now' : 'Not like this'}</span>
                {stale && <span className="ml-auto text-soft text-table">checking …</span>}
              </p>
              <p className="mt-1 text-soft text-table tabular-nums">
                {plural(check.matching, 'node matches', 'nodes match')} with room, in{' '}
                {plural(check.matchingCountries, 'country', 'countries')}.
              </p>
            </div>
            {problems.length > 0 && (
              <ul className="flex flex-col gap-2 border-line border-t pt-3 text-table">
                {problems.map((problem) => (
                  <li key={problem.field + problem.reason.code}>{problemInList(problem)}</li>
                ))}
              </ul>
            )}
            {check.quota && (
              <div className="border-line border-t pt-3">
                <h3 className="mb-2 text-table">
                  <b className="font-semibold">Quota of {check.quota.site.name}</b>
                  <span className="block text-soft">used + this / limit</span>
                </h3>
                <QuotaLines quota={check.quota} />
                <p className="mt-3 text-soft text-table">
                  Longest term: {duration(check.quota.maxTermSeconds)}; with renewals{' '}
                  {duration(check.quota.maxTotalSeconds)} in all.
                </p>
              </div>
            )}
          </>
        )}
      </div>
    </aside>
  );
}

/** Why it could not be checked; a refusal of one field by the name that the form gives it. */
function wordsOf(error: unknown): string {
  const reason = refusalOf(error);
  return reason ? problemInList({ field: String(reason.facts.field ?? ''), reason }) : wordsFor(error);
}

function daysOf(draft: Draft): string {
  const days = Number(draft.days);
  return Number.isFinite(days) && days > 0 ? duration(days * 86_400) : `${count(0)} days`;
}
