import type { RequestView, SliceView } from '@/protocol/api/slice';
import { duration, plural } from '../ui/format';
import { StateMark, type Tone } from '../ui/state-mark';
import { Time } from '../ui/time';

const STATE: Record<RequestView['state'], { tone: Tone; word: string }> = {
  pending: { tone: 'progress', word: 'Waits' },
  approved: { tone: 'running', word: 'Approved' },
  rejected: { tone: 'stopped', word: 'Rejected' },
  withdrawn: { tone: 'stopped', word: 'Withdrawn' },
};

/** How many slivers a change asks for. */
export const wantsMore = ({ change }: Pick<RequestView, 'change'>) =>
  change ? change.count + change.picked.length : 0;

/** What was asked, by whom, and what was decided. */
export function Requests({ slice }: { slice: SliceView }) {
  return (
    <ul className="max-w-3xl border-line border-t">
      {slice.requests.map((r) => (
        <li className="flex flex-col gap-1 border-line border-b py-3" key={r.id}>
          <div className="flex flex-wrap items-center gap-x-4">
            <StateMark className="font-medium" tone={STATE[r.state].tone}>
              {STATE[r.state].word}
            </StateMark>
            <span>
              {r.kind === 'change'
                ? `${plural(wantsMore(r), 'sliver')} more`
                : `${r.kind === 'create' ? 'Slice' : 'Renewal'} for ${duration(r.termSeconds)}`}
            </span>
            <span className="ml-auto text-soft text-table">
              {r.requestedBy.name}, <Time at={r.createdAt} />
            </span>
          </div>
          <p className="wrap-anywhere max-w-prose whitespace-pre-wrap text-soft">{r.reason}</p>
          {r.decision && (
            <p className="wrap-anywhere max-w-prose text-table">
              {r.decision.by.name} {r.decision.outcome} it <Time at={r.decision.at} />
              {r.decision.comment && <>: “{r.decision.comment}”</>}
            </p>
          )}
        </li>
      ))}
    </ul>
  );
}
