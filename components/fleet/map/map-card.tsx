import Link from 'next/link';
import { sentence } from '@/core/refusal-sentence';
import type { FleetNode } from '@/protocol/api/fleet';
import { cn } from '../../ui/cn';
import { count, plural } from '../../ui/format';
import { StateMark, StateShape } from '../../ui/state-mark';
import { cores, mebibytes } from '../amounts';
import { countryName } from '../filters';
import { STANDING, STANDINGS, standingOf } from '../node-standing';
import type { Size } from './projection';

/** What the map points at: one node, or the nodes of a ring. `pinned` stays until closed and holds links. */
export type Pointed = { x: number; y: number; nodes: readonly FleetNode[]; pinned: boolean };

const WIDTH = 260;

/** A card beside what is pointed at, inside the map whatever the place. */
export function MapCard({ pointed, size, onClose }: { pointed: Pointed; size: Size; onClose: () => void }) {
  const beside = pointed.nodes.length > 1 ? 36 : 18; // clear of the ring, or of the point
  const fits = pointed.x + beside + WIDTH < size.width;
  const left = Math.max(8, fits ? pointed.x + beside : pointed.x - WIDTH - beside);
  const below = pointed.y < size.height / 2;
  const place = below ? { top: Math.max(8, pointed.y - 8) } : { bottom: Math.max(8, size.height - pointed.y - 8) };
  const [only] = pointed.nodes;
  return (
    <div
      className={cn(
        'absolute z-20 max-h-[70%] overflow-y-auto rounded border border-line bg-raised p-3 text-table shadow-float',
        !pointed.pinned && 'pointer-events-none',
      )}
      {...(pointed.pinned ? { role: 'dialog', 'aria-label': 'Nodes here' } : { role: 'status' })}
      style={{ left, width: WIDTH, ...place }}
    >
      {pointed.pinned && (
        <button
          className="float-right -mt-1 -mr-1 size-6 text-faint hover:text-ink"
          aria-label="Close"
          onClick={onClose}
          type="button"
        >
          ×
        </button>
      )}
      {pointed.nodes.length === 1 && only ? (
        <OneNode node={only} pinned={pointed.pinned} />
      ) : (
        <ManyNodes nodes={pointed.nodes} pinned={pointed.pinned} />
      )}
    </div>
  );
}

function OneNode({ node, pinned }: { node: FleetNode; pinned: boolean }) {
  const standing = STANDING[standingOf(node)];
  return (
    <>
      <p className="truncate font-medium font-mono">{node.hostname}</p>
      <p className="truncate text-soft">
        {node.siteName}
        <br />
        {[node.city, countryName(node.country)].filter(Boolean).join(', ')}
      </p>
      <p className="mt-2 flex items-center gap-3">
        <StateMark simulated={node.simulated} tone={standing.tone}>
          {standing.label}
        </StateMark>
        {node.simulated && <span className="text-faint">simulated</span>}
      </p>
      {node.unusable && <p className="mt-1 text-soft">{sentence(node.unusable, Date.now())}</p>}
      <p className="mt-2 tabular-nums">
        {plural(node.slivers, 'sliver')}
        {node.free && (
          <span className="text-soft">
            {' '}
            · free: {cores(node.free.cpuMilli)} cores, {mebibytes(node.free.memoryMiB)}
          </span>
        )}
      </p>
      {pinned ? (
        <Link className="link mt-2 inline-block" href={`/nodes/${node.id}`}>
          Open this node
        </Link>
      ) : null}
    </>
  );
}

const LISTED = 60;

function ManyNodes({ nodes, pinned }: { nodes: readonly FleetNode[]; pinned: boolean }) {
  const sites = new Set(nodes.map((node) => node.site));
  const [first] = nodes;
  return (
    <>
      <p className="font-medium">{plural(nodes.length, 'node')}</p>
      <p className="truncate text-soft">{sites.size === 1 && first ? first.siteName : plural(sites.size, 'site')}</p>
      <ul className="mt-2 flex flex-col gap-0.5">
        {STANDINGS.map((standing) => {
          const n = nodes.filter((node) => standingOf(node) === standing).length;
          if (n === 0) return null;
          return (
            <li className="flex items-center gap-2" key={standing}>
              <StateShape tone={STANDING[standing].tone} />
              <span className="flex-1">{STANDING[standing].label}</span>
              <span className="tabular-nums">{count(n)}</span>
            </li>
          );
        })}
      </ul>
      {pinned && (
        <ul className="mt-2 border-line border-t pt-2">
          {nodes.slice(0, LISTED).map((node) => (
            <li key={node.id}>
              <Link
                className="flex items-center gap-2 rounded px-1 py-0.5 font-mono hover:bg-hover"
                href={`/nodes/${node.id}`}
              >
                <StateShape simulated={node.simulated} tone={STANDING[standingOf(node)].tone} />
                <span className="truncate">{node.hostname}</span>
              </Link>
            </li>
          ))}
          {nodes.length > LISTED && (
            <li className="px-1 text-soft">and {count(nodes.length - LISTED)} more: see the table</li>
          )}
        </ul>
      )}
    </>
  );
}
