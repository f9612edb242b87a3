import type { FleetNode } from '@/protocol/api/fleet';
import { count, plural } from '../../ui/format';
import type { Tone } from '../../ui/state-mark';
import { STANDING, STANDINGS, standingOf, toneOf } from '../node-standing';
import { arcPath, arcs, type Cluster, ringRadius } from './cluster';

/** In the order around the ring, best first. */
export const RING_TONES: readonly Tone[] = ['running', 'progress', 'stopped', 'degraded', 'failed', 'unknown'];
/** Parted by a gap, so that two neighbours are told apart without colour. */
const GAP = 0.07;

type ClusterRingProps = {
  group: Cluster<FleetNode>;
  x: number;
  y: number;
  onOpen: () => void;
  onPoint: (pointed: boolean) => void;
};

/** A dense place: how many nodes, and around it the mix of their states. A button: opens (zooms in, or lists). */
export function ClusterRing({ group, x, y, onOpen, onPoint }: ClusterRingProps) {
  const n = group.members.length;
  const radius = ringRadius(n);
  const parts = arcs(
    group.members.map(({ item }) => toneOf(item)),
    RING_TONES,
  );
  return (
    // biome-ignore lint/a11y/useSemanticElements: there is no button in SVG
    <g
      aria-label={`${plural(n, 'node')}: ${mixWords(group.members.map(({ item }) => item))}. Open.`}
      className="cursor-pointer outline-none [&:focus-visible>.halo]:stroke-accent"
      onBlur={() => onPoint(false)}
      onClick={onOpen}
      onFocus={() => onPoint(true)}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        onOpen();
      }}
      onPointerDown={(event) => event.stopPropagation()}
      onPointerEnter={() => onPoint(true)}
      onPointerLeave={() => onPoint(false)}
      role="button"
      tabIndex={0}
      transform={`translate(${Math.round(x)} ${Math.round(y)})`}
    >
      <circle className="halo" fill="var(--paper)" r={radius + 2.5} stroke="transparent" strokeWidth={2} />
      {parts.map((arc) => (
        <path
          d={arcPath(
            radius - 1.5,
            arc.from + (parts.length > 1 ? GAP / 2 : 0),
            arc.to - (parts.length > 1 ? GAP / 2 : 0),
          )}
          fill="none"
          key={arc.tone}
          stroke={`var(--state-${arc.tone})`}
          strokeDasharray={arc.tone === 'unknown' ? '2.5 2' : undefined}
          strokeWidth={3.5}
        />
      ))}
      <text
        className="pointer-events-none select-none fill-ink font-medium tabular-nums"
        dominantBaseline="central"
        fontSize={n > 99 ? 11 : 11.5}
        textAnchor="middle"
      >
        {count(n)}
      </text>
    </g>
  );
}

/** "50 ready, 12 unreachable". */
export function mixWords(nodes: readonly FleetNode[]): string {
  return STANDINGS.flatMap((standing) => {
    const n = nodes.filter((node) => standingOf(node) === standing).length;
    return n > 0 ? [`${count(n)} ${STANDING[standing].label.toLowerCase()}`] : [];
  }).join(', ');
}
