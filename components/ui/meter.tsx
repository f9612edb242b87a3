import { cn } from './cn';

type MeterProps = {
  label: string;
  used: number;
  /** What this one would add. */
  wants?: number;
  limit: number;
  /** How an amount reads, without its unit. */
  format: (amount: number) => string;
  /** Said once, behind the limit. */
  unit?: string;
};

/**
 * Used, wanted and the limit of one measure as a bar with the figures beside it. What goes past the limit is drawn past a
 * tick, hatched, and said in words.
 */
export function Meter({ label, used, wants = 0, limit, format, unit }: MeterProps) {
  const total = used + wants;
  const scale = Math.max(total, limit, 1);
  const over = Math.max(0, total - limit);
  const share = (n: number) => `${(n / scale) * 100}%`;
  const inUnit = (n: number) => (unit ? `${format(n)} ${unit}` : format(n));
  const words =
    `${label}: ${inUnit(used)} used` +
    (wants > 0 ? `, ${inUnit(wants)} wanted` : '') +
    `, of ${inUnit(limit)}` +
    (over > 0 ? `; ${inUnit(over)} too much` : '');
  return (
    <div className="grid grid-cols-[1fr_auto] gap-x-3 gap-y-1 text-table">
      <span>{label}</span>
      <span className="text-right text-soft tabular-nums">
        {format(used)}
        {wants > 0 && (
          <>
            {' + '}
            <b className="font-semibold text-ink">{format(wants)}</b>
          </>
        )}
        {' / '}
        {inUnit(limit)}
      </span>
      <div
        aria-label={words}
        className="relative col-span-2 h-2 rounded-[2px] bg-sunken ring-1 ring-line ring-inset"
        role="img"
      >
        <span className="absolute inset-y-0 left-0 rounded-l-[2px] bg-faint" style={{ width: share(used) }} />
        <span
          className={cn('absolute inset-y-0', over > 0 ? 'bg-danger' : 'bg-accent')}
          style={{ left: share(used), width: share(wants) }}
        />
        {over > 0 && <span className="absolute -inset-y-1 w-0.5 bg-ink" style={{ left: share(limit) }} />}
      </div>
      {over > 0 && <span className="col-span-2 text-danger">{inUnit(over)} over the limit</span>}
    </div>
  );
}
