'use client';
import { count, duration } from './format';
import type { Tone } from './state-mark';

export type Part = { tone: Tone; n: number; word: string };

const FILL: Record<Tone, string> = {
  running: 'bg-state-running',
  progress: 'bg-state-progress',
  degraded: 'bg-state-degraded',
  failed: 'bg-state-failed',
  unknown: 'bg-state-unknown',
  stopped: 'bg-state-stopped',
};

type ProgressProps = {
  label: string;
  done: number;
  total: number;
  /** Things a second; null until it is known. */
  ratePerSecond: number | null;
  unit: string;
  /** Every part of the whole with its state; parts are separated by a hairline, so that greyscale reads too. */
  parts: readonly Part[];
};

/** Long work: done of total, rate and time left, above a bar of its parts. */
export function Progress({ label, done, total, ratePerSecond, unit, parts }: ProgressProps) {
  const left = total - done;
  const seconds = ratePerSecond && ratePerSecond > 0 && left > 0 ? Math.ceil(left / ratePerSecond) : null;
  return (
    <div>
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <span>
          <b className="font-semibold text-title tabular-nums">{count(done)}</b>
          <span className="text-soft">
            {' '}
            of {count(total)} {unit}
          </span>
        </span>
        <span className="text-soft text-table tabular-nums">
          {ratePerSecond
            ? `${ratePerSecond >= 10 ? count(Math.round(ratePerSecond)) : ratePerSecond.toFixed(1)} a second`
            : ''}
          {seconds !== null && ` · about ${duration(seconds)} left`}
        </span>
      </div>
      <div
        aria-label={label}
        aria-valuemax={total}
        aria-valuemin={0}
        aria-valuenow={done}
        aria-valuetext={`${done} of ${total} ${unit}`}
        className="mt-2 flex h-2.5 gap-px overflow-hidden rounded-[3px] bg-sunken ring-1 ring-line ring-inset"
        role="progressbar"
      >
        {parts.map((p) =>
          p.n > 0 ? (
            <span
              className={`${FILL[p.tone]} transition-[width] duration-150`}
              key={p.word}
              style={{ width: `${(p.n / Math.max(total, 1)) * 100}%` }}
              title={`${count(p.n)} ${p.word}`}
            />
          ) : null,
        )}
      </div>
    </div>
  );
}
