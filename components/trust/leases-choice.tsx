'use client';
import { useId } from 'react';
import { plural } from '../ui/format';
import { Time } from '../ui/time';

type LeasesChoiceProps = { end: boolean; onChange: (end: boolean) => void; leases: number; lastEnd: Date | null };

/** What becomes of leases under what is taken back. */
export function LeasesChoice({ end, onChange, leases, lastEnd }: LeasesChoiceProps) {
  const name = useId();
  const known =
    leases > 0 ? (leases === 1 ? 'The one lease below' : `The ${plural(leases, 'lease')} below`) : 'Leases below';
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
          {leases === 1 ? 'runs to its end and is not renewed' : 'run to their end and are not renewed'}
          {lastEnd && (
            <span className="text-soft">
              ; {leases === 1 ? 'it' : 'the last'} ends <Time at={lastEnd} />
            </span>
          )}
        </span>
      </label>
      <label className="flex items-start gap-2.5">
        <input checked={end} className="mt-1 accent-accent" name={name} onChange={() => onChange(true)} type="radio" />
        <span>
          {leases === 1 ? 'ends' : 'end'} at once
          <span className="text-soft">
            ; what is stored on {leases === 1 ? 'its sliver goes with it' : 'their slivers goes with them'}
          </span>
        </span>
      </label>
    </fieldset>
  );
}
