'use client';
import Link from 'next/link';
import type { SliceView, SliverRow } from '@/protocol/api/slice';
import { plural } from '../ui/format';
import { StateShape } from '../ui/state-mark';
import { Time } from '../ui/time';
import { groupOf } from './states';

/** After a delete: what is still on nodes that are away, and when it goes at the latest. */
export function Leaving({ slice, rows }: { slice: SliceView; rows: readonly SliverRow[] }) {
  if (slice.state !== 'deleting' && slice.state !== 'deleted') return null;
  const left = rows.filter((r) => groupOf(r) === 'leaving');
  const n = slice.leaving?.count ?? left.length;
  if (n === 0) {
    return (
      <p className="flex items-center gap-2">
        <StateShape tone="stopped" />
        {slice.state === 'deleted' ? 'Nothing of it is left on any node.' : 'It is being taken off its nodes.'}
      </p>
    );
  }
  return (
    <section aria-label="Still leaving" className="max-w-3xl rounded border border-line bg-raised px-4 py-3">
      <h2 className="flex items-center gap-2 font-medium">
        <StateShape tone="unknown" />
        {plural(n, 'sliver is', 'slivers are')} still to leave
      </h2>
      <p className="mt-0.5 text-soft">
        Each leaves when its node is back
        {slice.leaving?.latestEnd && (
          <>
            , at the latest when its lease ends at <Time at={slice.leaving.latestEnd} className="text-ink" />
          </>
        )}
        . You need do nothing.
      </p>
      {left.length > 0 && (
        <ul className="mt-2 max-h-56 overflow-y-auto text-table">
          {left.map((r) => (
            <li className="flex flex-wrap justify-between gap-x-4 border-line border-t py-1.5" key={r.id}>
              <Link className="link font-mono" href={`/nodes/${r.node.id}`}>
                {r.node.hostname}
              </Link>
              <span className="text-soft">
                leaves when the node is back
                {r.leaseEndsAt && (
                  <>
                    , at the latest when its lease ends at <Time at={r.leaseEndsAt} />
                  </>
                )}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
