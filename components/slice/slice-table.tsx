'use client';
import Link from 'next/link';
import type { ReactNode } from 'react';
import type { SliceListItem } from '@/protocol/api/slice';
import { count } from '../ui/format';
import { type Column, Table } from '../ui/table';
import { Time } from '../ui/time';
import { SliceState } from './slice-state';
import { isOver, SLICE_STATE } from './states';

const COLUMNS: readonly Column<SliceListItem>[] = [
  {
    id: 'name',
    header: 'Slice',
    sort: (s) => s.name,
    cell: (s) => (
      <Link className="link font-mono" href={`/slices/${s.name}`} tabIndex={-1}>
        {s.name}
      </Link>
    ),
  },
  {
    id: 'state',
    header: 'State',
    width: 128,
    sort: (s) => SLICE_STATE[s.state].word,
    cell: (s) => <SliceState state={s.state} />,
  },
  {
    id: 'running',
    header: 'Running',
    width: 104,
    align: 'right',
    sort: (s) => s.running,
    cell: (s) => (
      <>
        {count(s.running)}
        <span className="text-faint"> / {count(s.sliverCount)}</span>
      </>
    ),
  },
  {
    id: 'failed',
    header: 'Failed',
    width: 80,
    align: 'right',
    from: 'md',
    sort: (s) => s.failed,
    cell: (s) => (s.failed === 0 ? <span className="text-faint">0</span> : count(s.failed)),
  },
  {
    id: 'countries',
    header: 'Countries',
    width: 100,
    align: 'right',
    from: 'lg',
    sort: (s) => s.countries,
    cell: (s) => count(s.countries),
  },
  { id: 'owner', header: 'Owner', width: 160, from: 'lg', sort: (s) => s.owner.name, cell: (s) => s.owner.name },
  {
    id: 'ends',
    header: 'Ends',
    width: 136,
    align: 'right',
    from: 'sm',
    sort: (s) => s.endsAt?.getTime() ?? null,
    cell: (s) => (s.endsAt && !isOver(s.state) ? <Time at={s.endsAt} /> : <span className="text-faint">–</span>),
  },
  {
    id: 'asked',
    header: 'Asked for',
    width: 136,
    align: 'right',
    from: 'md',
    sort: (s) => s.createdAt.getTime(),
    cell: (s) => <Time at={s.createdAt} />,
  },
];

/** Slices as rows; a press or Enter opens one. */
export function SliceTable({
  slices,
  empty,
  maxHeight,
  caption,
}: {
  slices: readonly SliceListItem[];
  empty?: ReactNode;
  maxHeight?: string;
  caption: string;
}) {
  return (
    <Table
      caption={caption}
      columns={COLUMNS}
      empty={empty}
      href={(s) => `/slices/${s.name}`}
      maxHeight={maxHeight}
      rowKey={(s) => s.id}
      rows={slices}
    />
  );
}
