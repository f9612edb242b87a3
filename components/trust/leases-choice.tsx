'use client';
import { useId } from 'react';
import { plural } from '../ui/format';
import { Time } from '../ui/time';

type LeasesChoiceProps = { end: boolean; onChange: (end: boolean) => void; leases: number; lastEnd: Date | null };

/** What becomes of leases under what is taken back. */
export function LeasesChoice({ end, onChange, leases, lastEnd }: LeasesChoiceProps) {
  const name = useId();
  const known = leases > 0 ? `The ${plural(leases, 'lease')} below` : 'Leases below';
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="mb-1.5 font-medium">{known}</legend>
      <label className="flex items-start gap-2.5">
        <input
          checked={!end}
          className="mt-1 accent-accent"
          name={name}
          onChange={() => onChange(false)}
          type="radio"
        />
        <span>
          run to their end and are not renewed
          {lastEnd && (
            <span className="text-soft">
              ; the last ends <Time at={lastEnd} />
            </span>
          )}
        </span>
      </label>
      <label className="flex items-start gap-2.5">
        <input checked={end} className="mt-1 accent-accent" name={name} onChange={() => onChange(true)} type="radio" />
        <span>
          end at once <span className="text-soft">; what is stored on their slivers goes with them</span>
        </span>
      </label>
    </fieldset>
  );
}
