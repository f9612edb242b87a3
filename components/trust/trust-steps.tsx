'use client';
import { ChevronRight } from 'lucide-react';
import { cn } from '../ui/cn';
import { count } from '../ui/format';
import { StateShape } from '../ui/state-mark';
import { edgeLabel, type GraphProps, openingOf } from './trust-graph';
import { amount, boxWords, edgeState, STATE, stateCounts } from './words';

/** The graph where there is no room to draw it: from whom to whom, step by step. */
export function TrustSteps({ graph, resource, edge, opened, onEdge, onOpen }: GraphProps) {
  const from = graph.boxes.filter((box) => graph.edges.some((one) => one.from === box.id));
  return (
    <ol aria-label="Who trusts whom" className="flex flex-col gap-3">
      {from.map((box) => {
        const { name, sub } = boxWords(box);
        const next = openingOf(box, opened);
        return (
          <li className="rounded border border-line" key={box.id}>
            <div className="flex items-center gap-2 border-line border-b px-3 py-2">
              <span className="min-w-0 flex-1">
                <span className="block truncate font-medium">{name}</span>
                <span className="block truncate text-soft text-table">{sub}</span>
              </span>
              {next && (
                <button className="link shrink-0 py-1 text-table" onClick={() => onOpen(next)} type="button">
                  {box.kind === 'group' ? 'Sites' : 'Nodes'}
                </button>
              )}
            </div>
            <ul>
              {graph.edges
                .filter((one) => one.from === box.id)
                .map((one) => {
                  const to = graph.boxes.find((each) => each.id === one.to);
                  return (
                    <li key={one.id}>
                      <button
                        aria-expanded={one.id === edge}
                        aria-label={edgeLabel(one, graph, resource)}
                        className={cn(
                          'flex w-full items-center gap-2.5 px-3 py-2 text-left hover:bg-hover',
                          one.id === edge && 'bg-accent-soft',
                        )}
                        onClick={() => onEdge(one.id === edge ? '' : one.id)}
                        type="button"
                      >
                        <StateShape tone={STATE[edgeState(one)].tone} />
                        <span className="min-w-0 flex-1">
                          <span className="block truncate">
                            to <b className="font-medium">{to ? boxWords(to).full : ''}</b> ·{' '}
                            {amount(resource, one.rights[resource])}
                          </span>
                          <span className="block truncate text-soft text-table">{stateCounts(one)}</span>
                        </span>
                        <span className="text-right text-soft text-table tabular-nums">{count(one.links)}</span>
                        <ChevronRight aria-hidden="true" className="size-4 shrink-0 text-faint" />
                      </button>
                    </li>
                  );
                })}
            </ul>
          </li>
        );
      })}
    </ol>
  );
}
