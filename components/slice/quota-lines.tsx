import { formatAmount } from '@/core/format/number';
import type { QuotaMeter } from '@/protocol/api/slice';
import { count } from '../ui/format';
import { Meter } from '../ui/meter';

const MEASURE: Record<QuotaMeter['lines'][number]['measure'], string> = {
  slivers: 'Slivers',
  cpuMilli: 'CPU',
  memoryMiB: 'Memory',
  diskMiB: 'Disk',
  networkKbps: 'Network',
};

/** The site's quota: used, wanted and the limit of each measure. */
export function QuotaLines({ quota }: { quota: QuotaMeter }) {
  return (
    <div className="flex flex-col gap-3">
      {quota.lines.map(({ measure, used, wants, limit }) => (
        <Meter
          format={(n) => (measure === 'slivers' ? count(n) : formatAmount(measure, n))}
          key={measure}
          label={MEASURE[measure]}
          limit={limit}
          used={used}
          wants={wants}
        />
      ))}
    </div>
  );
}
