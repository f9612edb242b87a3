'use client';
import { useState } from 'react';
import type { SliceView, SliverRow } from '@/protocol/api/slice';
import { Refusal } from '../refusal/refusal';
import { Button } from '../ui/button';
import { Field } from '../ui/field';
import { count, plural } from '../ui/format';
import { Input } from '../ui/input';
import { type Parting, partings, WHY } from './change-rows';
import { useShrink } from './use-shrink';

type ShrinkFormProps = {
  slice: SliceView;
  rows: readonly SliverRow[];
  onClose: () => void;
  onDone: (words: string, description: string) => void;
};

/** Gives up so many slivers, and says which before it does. */
export function ShrinkForm({ slice, rows, onClose, onDone }: ShrinkFormProps) {
  const [typed, setTyped] = useState('1');
  const shrink = useShrink(onDone, slice.name);
  const n = /^\d{1,4}$/.test(typed.trim()) ? Number(typed) : Number.NaN;
  const most = slice.sliverCount - 1;
  const wrong =
    most === 0
      ? 'It has one sliver. To give that up, delete the slice.'
      : !(n >= 1 && n <= most)
        ? `Enter a number from 1 to ${count(most)}; to give up all, delete the slice.`
        : undefined;
  const going = wrong ? { slivers: [], emptyPlaces: 0 } : partings(slice, rows, n);
  return (
    <form
      className="flex flex-col gap-4"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (wrong) return;
        const { slivers, emptyPlaces } = going;
        shrink.mutate({ name: slice.name, slivers: slivers.map(({ row }) => row.id), emptyPlaces });
      }}
    >
      <Field className="max-w-64" error={wrong} label="How many fewer">
        {(aria) => (
          <Input {...aria} inputMode="numeric" maxLength={4} onChange={(e) => setTyped(e.target.value)} value={typed} />
        )}
      </Field>
      <Going emptyPlaces={going.emptyPlaces} slice={slice} slivers={going.slivers} />
      <Refusal error={shrink.error} />
      <div className="flex justify-end gap-2">
        <Button kind="quiet" onClick={onClose}>
          Keep them
        </Button>
        <Button busy={shrink.isPending} disabled={wrong !== undefined} kind="danger" type="submit">
          Give up {wrong ? '' : plural(n, 'sliver')}
        </Button>
      </div>
    </form>
  );
}

/** Names what goes, and what follows from it. */
export function Going({
  slice,
  slivers,
  emptyPlaces,
}: {
  slice: SliceView;
  slivers: readonly (Omit<Parting, 'why'> & Partial<Parting>)[];
  emptyPlaces: number;
}) {
  const left = slice.sliverCount - slivers.length - emptyPlaces;
  const later = slivers.filter(({ row }) => row.node.reachability !== 'online').length;
  if (slivers.length + emptyPlaces === 0) return null;
  return (
    <div className="flex flex-col gap-2 text-table">
      <ul className="max-h-40 overflow-y-auto border-line border-y" /* names what goes */>
        {emptyPlaces > 0 && <li className="py-1">{plural(emptyPlaces, 'place')} that no sliver fills</li>}
        {slivers.map(({ row, why }) => (
          <li className="flex justify-between gap-4 py-1" key={row.id}>
            <span className="break-all font-mono">{row.node.hostname}</span>
            {why && <span className="text-soft">{WHY[why]}</span>}
          </li>
        ))}
      </ul>
      <p>
        {plural(left, 'sliver stays', 'slivers stay')}. What is stored on those that go is lost.
        {later > 0 &&
          ` ${plural(later, 'leaves', 'leave')} when ${later === 1 ? 'its node is' : 'their nodes are'} back.`}
        {slice.minimumCount > left &&
          ` The slice is then worth having with ${count(left)}; before it was ${count(slice.minimumCount)}.`}
      </p>
    </div>
  );
}
