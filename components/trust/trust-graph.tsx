'use client';
import { ChevronRight, Minus } from 'lucide-react';
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from 'react';
import type { HardResource } from '@/core/resources/vector';
import type { TrustGraph } from '@/protocol/api/trust';
import { cn } from '../ui/cn';
import { count, plural } from '../ui/format';
import { StateShape } from '../ui/state-mark';
import { bandPath, HEAD, LABEL, layoutGraph, neighbour, type PlacedBox, type PlacedEdge } from './graph-layout';
import { amount, boxWords, edgeState, STATE, stateCounts } from './words';

export type GraphProps = {
  graph: TrustGraph;
  resource: HardResource;
  /** The edge whose links are shown. */
  edge: string;
  /** The opened group and site. */
  opened: { open: string; site: string };
  onEdge: (id: string) => void;
  onOpen: (next: { open: string; site: string }) => void;
};

const HEADINGS = ['Nodes', 'trust agents', 'who pass on to', 'who pass on to', 'who pass on to'];

/**
 * Nodes at the left, agents to the right of whoever they have their authority from; bands as wide as their share of all that is handed out.
 * One thing is in the tab order; arrow keys follow the bands and the columns, Enter opens.
 */
export function TrustGraphDrawing({ graph, resource, edge, opened, onEdge, onOpen }: GraphProps) {
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(1000);
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(Math.floor(element.clientWidth)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const layout = useMemo(() => layoutGraph(graph, resource, width), [graph, resource, width]);
  const [active, setActive] = useState('');
  const drawn = (id: string) => [...layout.boxes, ...layout.edges].some((one) => one.id === id);
  const at = drawn(active) ? active : (layout.boxes[0]?.id ?? '');
  const [pointed, setPointed] = useState<string | null>(null);
  // What was pointed at may be gone: a group that was opened, with the pointer still where it stood.
  const lit = [pointed, edge].find((id) => id !== null && drawn(id)) ?? null;
  const touches = (one: PlacedEdge) => lit === null || one.id === lit || one.from === lit || one.to === lit;

  const onKeyDown = (event: KeyboardEvent) => {
    const to = neighbour(layout, at, event.key);
    if (to === null) return;
    event.preventDefault();
    setActive(to);
    frame.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(to)}"]`)?.focus();
  };
  const common = (id: string) => ({
    'data-id': id,
    tabIndex: id === at ? 0 : -1,
    onFocus: () => {
      setActive(id);
      setPointed(id);
    },
    onBlur: () => setPointed(null),
    onMouseEnter: () => setPointed(id),
    onMouseLeave: () => setPointed(null),
  });

  return (
    <section aria-label="Who trusts whom" className="overflow-x-auto" onKeyDown={onKeyDown} ref={frame}>
      <div className="relative" style={{ width: layout.width, height: layout.height }}>
        {layout.columns.map((x, i) => (
          <span className="absolute top-0 text-soft text-table" key={x} style={{ left: x, height: HEAD }}>
            {HEADINGS[i] ?? 'who pass on to'}
          </span>
        ))}
        <svg aria-hidden="true" className="absolute inset-0" height={layout.height} width={layout.width}>
          {layout.edges.map((one) => (
            <Band edge={one} key={one.id} lit={touches(one)} chosen={one.id === edge} />
          ))}
        </svg>
        {layout.edges.map((one) => (
          <button
            aria-expanded={one.id === edge}
            aria-label={edgeLabel(one, graph, resource)}
            className={cn(
              'absolute flex items-center justify-center gap-1.5 truncate rounded border bg-paper px-1.5 text-table tabular-nums hover:border-accent',
              one.id === edge ? 'border-accent bg-accent-soft' : 'border-line',
              !touches(one) && 'text-faint',
            )}
            key={one.id}
            onClick={() => onEdge(one.id === edge ? '' : one.id)}
            style={{ left: one.label.x - LABEL.width / 2, top: one.label.y - LABEL.height / 2, ...LABEL }}
            type="button"
            {...common(one.id)}
          >
            <StateShape className="size-2.5" tone={STATE[edgeState(one)].tone} />
            <span className="truncate">
              {count(one.links)} · {amount(resource, one.rights[resource])}
            </span>
          </button>
        ))}
        {layout.boxes.map((box) => (
          <Box box={box} common={common(box.id)} key={box.id} onOpen={onOpen} opened={opened} />
        ))}
      </div>
    </section>
  );
}

/** Dashed where nothing of it counts; thin lines where others are looked at. */
function Band({ edge, lit, chosen }: { edge: PlacedEdge; lit: boolean; chosen: boolean }) {
  const state = edgeState(edge);
  const counts = state === 'in-force' || state === 'ending';
  return (
    <path
      className={cn('fill-none', chosen ? 'stroke-accent' : 'stroke-line-strong')}
      d={bandPath(edge)}
      opacity={lit ? (chosen ? 0.9 : 0.6) : 0.18}
      strokeDasharray={counts ? undefined : '4 4'}
      strokeWidth={edge.width}
    />
  );
}

function Box({
  box,
  common,
  opened,
  onOpen,
}: {
  box: PlacedBox;
  common: object;
  opened: GraphProps['opened'];
  onOpen: GraphProps['onOpen'];
}) {
  const { name, sub, full } = boxWords(box);
  const style = { left: box.x, top: box.y, width: box.width, height: box.height };
  const look = cn(
    'absolute flex items-center gap-2 rounded border bg-raised px-3 text-left',
    box.kind === 'agent' ? 'border-ink-faint' : 'border-line-strong',
    box.partner && 'bg-sunken',
  );
  const words = (
    <span className="min-w-0 flex-1">
      <span className={cn('block truncate font-medium', box.kind === 'node' && 'font-mono text-table')}>{name}</span>
      <span className="block truncate text-soft text-table">{sub}</span>
    </span>
  );
  const next = openingOf(box, opened);
  if (!next && box.kind !== 'node')
    return (
      // biome-ignore lint/a11y/useSemanticElements: a box of a drawing, no fieldset
      <div
        aria-label={`${full}, ${sub}`}
        className={look}
        role="group"
        style={style}
        title={`${full}, ${sub}`}
        {...common}
      >
        {words}
      </div>
    );
  if (box.kind === 'node')
    return (
      <a
        className={cn(look, 'hover:border-accent')}
        href={`/nodes/${box.ref}`}
        style={style}
        title={`${full}, ${sub}`}
        {...common}
      >
        {words}
      </a>
    );
  const isOpen = box.kind === 'site' && box.ref === opened.site;
  const Icon = isOpen ? Minus : ChevronRight;
  return (
    <button
      className={cn(look, 'hover:border-accent')}
      onClick={() => next && onOpen(next)}
      style={style}
      title={`Open ${full}`}
      type="button"
      {...common}
    >
      {words}
      <Icon aria-hidden="true" className="size-4 shrink-0 text-faint" />
    </button>
  );
}

/** What opening a box opens; null for what cannot be opened. */
export function openingOf(
  box: Pick<PlacedBox, 'kind' | 'ref'>,
  opened: GraphProps['opened'],
): { open: string; site: string } | null {
  if (box.ref === null) return null;
  if (box.kind === 'group') return { open: box.ref, site: '' };
  if (box.kind === 'site') return { open: opened.open, site: box.ref };
  return null;
}

/** An edge in a sentence. */
export function edgeLabel(edge: TrustGraph['edges'][number], graph: TrustGraph, resource: HardResource): string {
  const nameOf = (id: string) => {
    const box = graph.boxes.find((one) => one.id === id);
    return box ? boxWords(box).full : id;
  };
  return `${nameOf(edge.from)} to ${nameOf(edge.to)}: ${plural(edge.links, 'link')} (${stateCounts(edge)}), ${amount(resource, edge.rights[resource])}`;
}
