'use client';
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { Download } from 'lucide-react';
import { useDeferredValue, useId, useMemo, useState } from 'react';
import { AUDIT_COUNTED, type AuditFilter, type AuditRow } from '@/protocol/api/audit';
import type { Me } from '@/protocol/api/people';
import { Unread } from '../refusal/refusal';
import { useTRPC } from '../trpc/client';
import { useAddress } from '../ui/address';
import { Button } from '../ui/button';
import { Empty } from '../ui/empty';
import { count, plural } from '../ui/format';
import { Input } from '../ui/input';
import { Page } from '../ui/page';
import { Select } from '../ui/select';
import { TableSkeleton } from '../ui/skeleton';
import { type Column, Table } from '../ui/table';
import { Time } from '../ui/time';
import { AuditRowDialog } from './audit-row';
import { ACT_KINDS, actorWords, auditWords } from './audit-words';
import { ObjectLink } from './object-link';
import { TrailCheck } from './trail-check';

const REFRESH_MS = 15_000;
const AT_ONCE = 100;

const COLUMNS: readonly Column<AuditRow>[] = [
  { id: 'at', header: 'When', width: 120, cell: (r) => <Time at={r.at} /> },
  {
    id: 'who',
    header: 'Who',
    width: 200,
    from: 'sm',
    cell: (r) => <span title={r.actor}>{actorWords(r)}</span>,
  },
  {
    id: 'what',
    header: 'What',
    cell: (r) => <span title={r.action}>{auditWords(r.action, r.facts)}</span>,
  },
  { id: 'on', header: 'On', cell: (r) => <ObjectLink row={r} /> },
  {
    id: 'kind',
    header: 'Kind',
    width: 110,
    from: 'md',
    cell: (r) => <span className="text-soft">{r.objectKind}</span>,
  },
  {
    id: 'site',
    header: 'Site',
    width: 120,
    from: 'lg',
    cell: (r) => <span className="text-soft">{r.site ?? '–'}</span>,
  },
  {
    id: 'seq',
    header: 'Row',
    width: 90,
    align: 'right',
    from: 'md',
    cell: (r) => <span className="text-faint">{r.seq}</span>,
  },
];

/** Who did what to which object: searched, opened, exported, checked. Filters live in the address. */
export function AuditView({ me }: { me: Me }) {
  const [q, setQ] = useAddress('q', '');
  const [action, setAction] = useAddress('what', '');
  const [from, setFrom] = useAddress('from', '');
  const [to, setTo] = useAddress('to', '');
  const [openSeq, setOpenSeq] = useState<string | null>(null);
  const asked = useDeferredValue(q.trim());
  const filter = useMemo(() => filterOf({ q: asked, action, from, to }), [asked, action, from, to]);
  const trpc = useTRPC();
  const list = useInfiniteQuery(
    trpc.audit.list.infiniteQueryOptions(
      { ...filter, limit: AT_ONCE },
      {
        getNextPageParam: (page) => page.next ?? undefined,
        refetchInterval: REFRESH_MS,
        placeholderData: keepPreviousData,
      },
    ),
  );
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.rows) ?? [], [list.data]);
  const all = list.data?.pages[0]?.count ?? 0;
  const filtered = Object.keys(filter).length > 0;
  return (
    <Page
      acts={<Exports filter={filter} />}
      facts={
        me.person.operator
          ? 'Who did what to which object. Nothing here can be changed without showing.'
          : 'What you did, what was done to your slices, and at your sites. Nothing here can be changed without showing.'
      }
      title="Audit"
    >
      {me.person.operator && <TrailCheck />}
      <div className="flex flex-col gap-3">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
          <Input
            aria-label="Search who, what and on what"
            className="w-full sm:w-72"
            maxLength={200}
            onChange={(e) => setQ(e.target.value)}
            placeholder="Search who, what and on what"
            type="search"
            value={q}
          />
          <Select
            aria-label="Kind of act"
            onChange={(e) => setAction(e.target.value)}
            options={ACT_KINDS}
            value={action}
          />
          <DayInput label="From" onChange={setFrom} value={from} />
          <DayInput label="To" onChange={setTo} value={to} />
          <span className="ml-auto text-soft text-table tabular-nums" role="status">
            {list.data && (all > AUDIT_COUNTED ? `more than ${count(AUDIT_COUNTED)} rows` : plural(all, 'row'))}
          </span>
        </div>
        {list.isPending && <TableSkeleton />}
        {list.isError && (
          <Unread
            busy={list.isFetching}
            error={list.error}
            onRetry={() => void list.refetch()}
            what="The audit trail"
          />
        )}
        {list.data && rows.length === 0 && !filtered && (
          <Empty title="Nothing was written yet">
            What people and programs do to slices, nodes and sites is written down here, from the first act on.
          </Empty>
        )}
        {list.data && (rows.length > 0 || filtered) && (
          <Table
            caption="The audit trail, newest first"
            columns={COLUMNS}
            empty="No row matches. Change the filters above."
            maxHeight="calc(100dvh - 13rem)"
            onOpen={(r) => setOpenSeq(r.seq)}
            rowKey={(r) => r.seq}
            rows={rows}
          />
        )}
        {list.hasNextPage && (
          <div>
            <Button busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
              Show {AT_ONCE} older
            </Button>
          </div>
        )}
      </div>
      <AuditRowDialog onClose={() => setOpenSeq(null)} row={rows.find((r) => r.seq === openSeq) ?? null} />
    </Page>
  );
}

function DayInput({ label, value, onChange }: { label: string; value: string; onChange: (day: string) => void }) {
  const id = useId();
  return (
    <span className="flex items-center gap-2">
      <label className="text-soft" htmlFor={id}>
        {label}
      </label>
      <Input className="w-40" id={id} onChange={(e) => onChange(e.target.value)} type="date" value={value} />
    </span>
  );
}

function Exports({ filter }: { filter: AuditFilter }) {
  const query = new URLSearchParams(
    Object.entries(filter).map(([name, value]) => [name, value instanceof Date ? value.toISOString() : String(value)]),
  );
  return (['csv', 'jsonl'] as const).map((format) => (
    <Button asChild key={format}>
      <a download href={`/api/audit/export?${new URLSearchParams([['format', format], ...query])}`}>
        <Download aria-hidden="true" />
        {format === 'csv' ? 'CSV' : 'JSON lines'}
      </a>
    </Button>
  ));
}

/** From the first moment of a day to the last of another, in the viewer's zone. */
function filterOf({ q, action, from, to }: { q: string; action: string; from: string; to: string }): AuditFilter {
  const start = dayAt(from);
  const end = dayAt(to);
  end?.setDate(end.getDate() + 1);
  return { ...(q && { q }), ...(action && { action }), ...(start && { from: start }), ...(end && { to: end }) };
}

function dayAt(day: string): Date | null {
  const at = new Date(`${day}T00:00`);
  return /^\d{4}-\d\d-\d\d$/.test(day) && !Number.isNaN(at.getTime()) ? at : null;
}
