'use client';
import type { GrantPreview } from '@/protocol/api/partners';
import { cores, kilobits, mebibytes } from '../../fleet/amounts';
import { wordsFor } from '../../refusal/refusal';
import { count, plural } from '../../ui/format';

type GrantPreviewProps = { preview: GrantPreview | null; error: unknown; partner: string };

/** What a grant comes to, in words and sums. Its place is there before they are, so that nothing shifts. */
export function GrantPreviewWords({ preview, error, partner }: GrantPreviewProps) {
  return (
    <div
      aria-live="polite"
      className="min-h-24 rounded border border-line bg-sunken px-3 py-2 text-table"
      role="status"
    >
      {error ? (
        <p>{wordsFor(error)}</p>
      ) : preview ? (
        <>
          <p className="font-medium">
            {plural(preview.nodes, 'node')} at {plural(preview.sites, 'site')}
            {preview.countries > 0 &&
              ` in ${count(preview.countries)} ${preview.countries === 1 ? 'country' : 'countries'}`}
            {preview.kept > 0 && ` · ${count(preview.added)} new, ${count(preview.kept)} as before`}
          </p>
          <p className="text-soft">
            In all {cores(preview.sum.cpuMilli)} cores, {mebibytes(preview.sum.memoryMiB)} of memory,{' '}
            {mebibytes(preview.sum.diskMiB)} of disk, {kilobits(preview.sum.networkKbps)}.
          </p>
          {preview.removed > 0 && (
            <p>
              {plural(preview.removed, 'node')} taken back, with {plural(preview.sliversRemoved, 'sliver')} of {partner}{' '}
              on {preview.removed === 1 ? 'it' : 'them'}.
            </p>
          )}
          {preview.unready > 0 && (
            <p className="text-soft">
              {plural(preview.unready, 'node')} left out: nothing is delegated to our agent by{' '}
              {preview.unready === 1 ? 'it' : 'them'} now.
            </p>
          )}
        </>
      ) : (
        <p className="text-soft">Counting…</p>
      )}
    </div>
  );
}
