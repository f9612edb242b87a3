import type { HardResource } from '@/core/resources/vector';
import type { LinkUse } from '@/protocol/api/trust';
import { cn } from '../ui/cn';
import { amount } from './words';

const PARTS = [
  { key: 'redeemed', word: 'Redeemed', means: 'leased on the node', look: 'bg-accent' },
  { key: 'issued', word: 'Issued', means: 'in tickets that may be redeemed', look: 'bg-accent opacity-60' },
  { key: 'passedOn', word: 'Passed on', means: 'to another agent', look: 'bg-line-strong' },
  { key: 'free', word: 'Free', means: 'of rights times degree', look: 'bg-sunken' },
] as const;

/** What became of rights, as one bar and in figures. */
export function UseBars({ use, resource }: { use: LinkUse; resource: HardResource }) {
  const total = PARTS.reduce((sum, part) => sum + use[part.key][resource], 0);
  const words = PARTS.map(({ key, word }) => `${word} ${amount(resource, use[key][resource])}`).join(', ');
  return (
    <div>
      <div
        aria-label={words}
        className="flex h-2.5 overflow-hidden rounded-[2px] bg-sunken ring-1 ring-line ring-inset"
        role="img"
      >
        {PARTS.map(({ key, look }) => (
          <span
            className={cn('h-full border-paper border-r last:border-0', look)}
            key={key}
            style={{ width: `${total > 0 ? (use[key][resource] / total) * 100 : 0}%` }}
          />
        ))}
      </div>
      <dl className="mt-2 grid grid-cols-2 gap-x-4 text-table">
        {PARTS.map(({ key, word, means, look }) => (
          <div className="flex items-baseline gap-2 py-0.5" key={key} title={means}>
            <dt className="flex flex-1 items-baseline gap-1.5 text-soft">
              <span aria-hidden="true" className={cn('size-2 rounded-[1px] ring-1 ring-line-strong', look)} />
              {word}
            </dt>
            <dd className="text-right tabular-nums">{amount(resource, use[key][resource])}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
