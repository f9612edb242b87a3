'use client';
import Link from 'next/link';
import { useMemo, useState } from 'react';
import type { SliceView, SliverRow } from '@/protocol/api/slice';
import { countryName } from '../fleet/filters';
import { useAddress } from '../ui/address';
import { cn } from '../ui/cn';
import { Empty } from '../ui/empty';
import { count } from '../ui/format';
import { Input } from '../ui/input';
import { StateShape } from '../ui/state-mark';
import { type Column, Table } from '../ui/table';
import { Time } from '../ui/time';
import { hasPlace } from './change-rows';
import { ChosenSlivers } from './chosen-slivers';
import { SliverState } from './slice-state';
import { TerminalButton } from './sliver-access';
import { SliverSteps } from './sliver-steps';
import { sliverWords } from './sliver-words';
import { countGroups, GROUP, GROUPS, type Group, groupOf } from './states';

type Choosing = { chosen: ReadonlySet<string>; toggle: (id: string) => void };

function columnsFor(
  rows: readonly SliverRow[],
  mayEnter: boolean,
  choosing: Choosing | null,
): readonly Column<SliverRow>[] {
  return [
    ...(choosing
      ? [
          {
            id: 'choose',
            header: <span className="sr-only">Choose</span>,
            width: 36,
            cell: (r: SliverRow) =>
              hasPlace(r, rows) ? (
                <input
                  aria-label={`Choose the sliver on ${r.node.hostname}`}
                  checked={choosing.chosen.has(r.id)}
                  className="block size-4 accent-accent"
                  onChange={() => choosing.toggle(r.id)}
                  onClick={(event) => event.stopPropagation()}
                  type="checkbox"
                />
              ) : null,
          },
        ]
      : []),
    {
      id: 'node',
      header: 'Node',
      width: 260,
      restOnPhone: true,
      sort: (r) => r.node.hostname,
      cell: (r) => (
        <Link className="link font-mono" href={`/nodes/${r.node.id}`} tabIndex={-1} title={r.node.hostname}>
          {r.node.hostname}
        </Link>
      ),
    },
    {
      id: 'state',
      header: 'State',
      width: 124,
      sort: (r) => GROUPS.indexOf(groupOf(r)),
      cell: (r) => (
        <SliverState
          leaving={r.desired === 'gone' && r.goneAt === null}
          reported={r.goneAt && r.reported !== 'failed' ? 'gone' : r.reported}
          simulated={r.node.simulated}
        />
      ),
    },
    {
      id: 'country',
      header: 'Country',
      width: 140,
      from: 'md',
      sort: (r) => countryName(r.node.country),
      cell: (r) => countryName(r.node.country),
    },
    { id: 'why', header: 'Why', from: 'sm', cell: (r) => <Why words={sliverWords(r, rows)} /> },
    {
      id: 'since',
      header: 'Since',
      width: 120,
      align: 'right',
      from: 'sm',
      sort: (r) => r.changedAt.getTime(),
      cell: (r) => <Time at={r.changedAt} />,
    },
    ...(mayEnter
      ? [
          {
            id: 'enter',
            header: 'Enter',
            width: 64,
            align: 'right' as const,
            cell: (r: SliverRow) => (groupOf(r) === 'running' && !r.node.simulated ? <TerminalButton row={r} /> : null),
          },
        ]
      : []),
  ];
}

function Why({ words }: { words: string }) {
  return (
    <span className="text-soft" title={words}>
      {words}
    </span>
  );
}

const NO_SLIVERS: Partial<Record<SliceView['state'], string>> = {
  requested: 'They appear here node by node once a PI has approved the request.',
  approved: 'The broker is choosing nodes; slivers appear here in a moment.',
  deploying: 'The broker is choosing nodes; slivers appear here in a moment.',
};

function noSlivers({ state, spec }: SliceView): string {
  if (spec.ownManager && state !== 'deleted')
    return 'What your own service manager leases is listed above, once the request is approved.';
  return NO_SLIVERS[state] ?? 'None was made for this slice.';
}

/** Every sliver, live; filters live in the address, a press opens what happened to one. */
export function SliverTable({ slice, rows }: { slice: SliceView; rows: readonly SliverRow[] }) {
  const [group, setGroup] = useAddress('show', '');
  const [text, setText] = useAddress('q', '');
  const [openId, setOpenId] = useState<string | null>(null);
  const counts = useMemo(() => countGroups(rows), [rows]);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const mayChoose = slice.may.change || slice.may.move;
  const columns = useMemo(() => {
    const toggle = (id: string) =>
      setChosen((before) => new Set(before.has(id) ? [...before].filter((one) => one !== id) : [...before, id]));
    return columnsFor(rows, slice.may.exec, mayChoose ? { chosen, toggle } : null);
  }, [rows, slice.may.exec, mayChoose, chosen]);
  const chosenRows = rows.filter((r) => chosen.has(r.id) && hasPlace(r, rows));
  const wanted = text.trim().toLowerCase();
  const shown = rows.filter(
    (r) =>
      (group === '' || groupOf(r) === group) &&
      `${r.node.hostname} ${r.node.site} ${r.node.city ?? ''} ${countryName(r.node.country)}`
        .toLowerCase()
        .includes(wanted),
  );
  const opened = rows.find((r) => r.id === openId) ?? null;
  if (rows.length === 0) {
    return (
      <Empty title={slice.spec.ownManager ? 'None that Meridian made' : 'No slivers yet'}>{noSlivers(slice)}</Empty>
    );
  }
  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap items-center gap-2">
        <Input
          aria-label="Find a node, site or country"
          className="w-full sm:w-64"
          onChange={(e) => setText(e.target.value)}
          placeholder="Find a node, site or country"
          type="search"
          value={text}
        />
        <fieldset className="flex flex-wrap gap-1.5">
          <legend className="sr-only">Show only</legend>
          <Chip n={rows.length} on={group === ''} onPress={() => setGroup('')} word="all" />
          {GROUPS.filter((g) => counts[g] > 0).map((g) => (
            <Chip
              group={g}
              key={g}
              n={counts[g]}
              on={group === g}
              onPress={() => setGroup(group === g ? '' : g)}
              word={GROUP[g].word}
            />
          ))}
        </fieldset>
        {shown.length < rows.length && (
          <span className="text-soft text-table" role="status">
            {count(rows.length - shown.length)} hidden
          </span>
        )}
      </div>
      {mayChoose && chosenRows.length > 0 && (
        <ChosenSlivers onClear={() => setChosen(new Set())} rows={chosenRows} slice={slice} />
      )}
      <Table
        caption={`Slivers of ${slice.name}`}
        columns={columns}
        empty="No sliver matches. Change the filters above."
        maxHeight={shown.length > 60 ? 'min(70vh, 60rem)' : undefined}
        onOpen={(r) => setOpenId(r.id)}
        rowKey={(r) => r.id}
        rows={shown}
        sortDefault="state"
      />
      <SliverSteps onClose={() => setOpenId(null)} row={opened} rows={rows} slice={slice} />
    </div>
  );
}

function Chip({
  word,
  n,
  on,
  onPress,
  group,
}: {
  word: string;
  n: number;
  on: boolean;
  onPress: () => void;
  group?: Group;
}) {
  return (
    <button
      aria-pressed={on}
      className={cn(
        'flex h-7 items-center gap-1.5 rounded border px-2 text-table tabular-nums',
        on ? 'border-accent bg-accent-soft' : 'border-line text-soft hover:border-line-strong hover:text-ink',
      )}
      onClick={onPress}
      type="button"
    >
      {group && <StateShape className="size-2.5" tone={GROUP[group].tone} />}
      {word} <span className={on ? '' : 'text-faint'}>{count(n)}</span>
    </button>
  );
}
