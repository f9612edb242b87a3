'use client';
import { StateShape, type Tone } from '../../ui/state-mark';

const MEANING: readonly [Tone, string][] = [
  ['running', 'Ready'],
  ['progress', 'Full or installing'],
  ['stopped', 'Closed or disabled'],
  ['degraded', 'Late or no authority'],
  ['failed', 'In debug'],
  ['unknown', 'Unreachable or not enrolled'],
];

/** The map's six shapes; only those that are on it. */
export function MapLegend({ tones, simulated }: { tones: ReadonlySet<Tone>; simulated: boolean }) {
  return (
    <ul
      aria-label="Legend"
      className="flex min-w-0 flex-wrap gap-x-3 sm:max-w-[75%] gap-y-1 rounded bg-paper/85 px-2 py-1 text-soft text-table"
    >
      {MEANING.filter(([tone]) => tones.has(tone)).map(([tone, means]) => (
        <li className="flex items-center gap-1.5" key={tone}>
          <StateShape tone={tone} />
          {means}
        </li>
      ))}
      {simulated && (
        <li className="flex items-center gap-2">
          <svg aria-hidden="true" className="size-3.5" viewBox="0 0 14 14">
            <circle cx="7" cy="7" fill="none" r="6" stroke="currentColor" strokeDasharray="2 1.8" />
          </svg>
          Simulated
        </li>
      )}
    </ul>
  );
}
