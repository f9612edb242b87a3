import type { QuotaMeter } from '@/protocol/api/slice';
import { count } from '../ui/format';
import { Meter } from '../ui/meter';

type Line = QuotaMeter['lines'][number];

const MEASURE: Record<Line['measure'], { label: string; units: readonly [unit: string | undefined, per: number][] }> = {
  slivers: { label: 'Slivers', units: [[undefined, 1]] },
  cpuMilli: { label: 'CPU', units: [['cores', 1000]] },
  memoryMiB: {
    label: 'Memory',
    units: [
      ['MiB', 1],
      ['GiB', 1024],
      ['TiB', 1024 * 1024],
    ],
  },
  diskMiB: {
    label: 'Disk',
    units: [
      ['MiB', 1],
      ['GiB', 1024],
      ['TiB', 1024 * 1024],
    ],
  },
  networkKbps: {
    label: 'Network',
    units: [
      ['kbit/s', 1],
      ['Mbit/s', 1000],
      ['Gbit/s', 1_000_000],
    ],
  },
};

/** The largest unit in which the limit is still at least ten: all figures of a line share it. */
function unitFor({ measure, limit }: Line): [string | undefined, number] {
  const { units } = MEASURE[measure];
  return units.findLast(([, per]) => limit / per >= 10) ?? units[0] ?? [undefined, 1];
}

/** The site's quota: used, wanted and the limit of each measure. */
export function QuotaLines({ quota }: { quota: QuotaMeter }) {
  return (
    <div className="flex flex-col gap-3">
      {quota.lines.map((line) => {
        const [unit, per] = unitFor(line);
        return (
          <Meter
            format={(n) => count(Math.round((n / per) * 10) / 10)}
            key={line.measure}
            label={MEASURE[line.measure].label}
            limit={line.limit}
            unit={unit}
            used={line.used}
            wants={line.wants}
          />
        );
      })}
    </div>
  );
}
