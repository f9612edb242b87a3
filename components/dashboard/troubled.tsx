'use client';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { sentence } from '@/core/refusal-sentence';
import type { FleetNode } from '@/protocol/api/fleet';
import { countryName } from '../fleet/filters';
import { STANDING, standingOf } from '../fleet/node-standing';
import { useFleet } from '../fleet/use-fleet';
import { SliceTable } from '../slice/slice-table';
import { useTRPC } from '../trpc/client';
import { count, plural } from '../ui/format';
import { Section } from '../ui/page';
import { StateMark } from '../ui/state-mark';
import { type Column, Table } from '../ui/table';
import { Time } from '../ui/time';

const SHOWN = 8;
const REFRESH_MS = 30_000;
const TROUBLE = new Set(['unreachable', 'late', 'undelegated', 'debug']);

const COLUMNS: readonly Column<FleetNode>[] = [
  {
    id: 'node',
    header: 'Node',
    width: 260,
    cell: (n) => (
      <Link className="link font-mono" href={`/nodes/${n.id}`} tabIndex={-1}>
        {n.hostname}
      </Link>
    ),
  },
  {
    id: 'how',
    header: 'How it stands',
    width: 150,
    cell: (n) => (
      <StateMark simulated={n.simulated} tone={STANDING[standingOf(n)].tone}>
        {STANDING[standingOf(n)].label}
      </StateMark>
    ),
  },
  { id: 'country', header: 'Country', width: 140, from: 'md', cell: (n) => countryName(n.country) },
  {
    id: 'why',
    header: 'Why',
    from: 'md',
    cell: (n) => <span className="text-soft">{n.unusable ? sentence(n.unusable) : ''}</span>,
  },
  { id: 'slivers', header: 'Slivers', width: 80, align: 'right', from: 'sm', cell: (n) => count(n.slivers) },
  {
    id: 'seen',
    header: 'Last seen',
    width: 120,
    align: 'right',
    cell: (n) => (n.lastSeen ? <Time at={n.lastSeen} /> : 'never'),
  },
];

/** Nodes and slices that are not as they should be. */
export function Troubled() {
  const trpc = useTRPC();
  const fleet = useFleet();
  const list = useQuery(trpc.slices.list.queryOptions({ scope: 'all' }, { refetchInterval: REFRESH_MS }));
  const nodes = (fleet.data ?? []).filter((n) => TROUBLE.has(standingOf(n))).sort((a, b) => b.slivers - a.slivers);
  const slices = (list.data ?? []).filter((s) => s.state === 'failed' || s.state === 'degraded');
  return (
    <>
      <Section
        aside={
          nodes.length > SHOWN && (
            <Link className="link" href="/fleet?state=unreachable,late,undelegated,debug">
              All {plural(nodes.length, 'node')}
            </Link>
          )
        }
        title="Nodes that need a look"
      >
        {nodes.length === 0 ? (
          <p className="border-line border-y py-2.5 text-soft">
            {fleet.data ? 'None. Every node that should answer does.' : 'Reading…'}
          </p>
        ) : (
          <Table
            caption="Nodes that need a look"
            columns={COLUMNS}
            href={(n) => `/nodes/${n.id}`}
            rowKey={(n) => n.id}
            rows={nodes.slice(0, SHOWN)}
            sortParam="nodes"
          />
        )}
      </Section>
      {slices.length > 0 && (
        <Section title="Slices that are not as asked for">
          <SliceTable caption="Slices that are not as asked for" slices={slices.slice(0, SHOWN)} />
        </Section>
      )}
    </>
  );
}
