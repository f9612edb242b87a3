'use client';
import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { type GrowCheck, SliceChange } from '@/protocol/api/change';
import type { SliceView } from '@/protocol/api/slice';
import { countryName } from '../fleet/filters';
import { useFleet } from '../fleet/use-fleet';
import { Refusal } from '../refusal/refusal';
import { knownReason } from '../refusal/refusal-of';
import { useTRPC } from '../trpc/client';
import { Button } from '../ui/button';
import { Field } from '../ui/field';
import { plural, count as written } from '../ui/format';
import { Input, Textarea } from '../ui/input';
import { MultiSelect } from '../ui/multi-select';
import { nodesNamed } from './node-names';
import { problemAtField } from './problem-words';
import { useSettled } from './use-settled';

type GrowFormProps = { slice: SliceView; onClose: () => void; onDone: (words: string, description: string) => void };
const wholeNumber = (text: string) => (/^\d{1,4}$/.test(text.trim()) ? Number(text) : Number.NaN);

/** Asks for more slivers: how many, where, and why. */
export function GrowForm({ slice, onClose, onDone }: GrowFormProps) {
  const [more, setMore] = useState('1');
  const [countries, setCountries] = useState<string[]>([]);
  const [picks, setPicks] = useState('');
  const [reason, setReason] = useState('');
  const [tried, setTried] = useState(false);
  const trpc = useTRPC();
  const fleet = useFleet();
  const nodes = useMemo(() => fleet.data ?? [], [fleet.data]);
  const options = useMemo(
    () =>
      [...new Set(nodes.flatMap((n) => n.country ?? []))]
        .map((value) => ({ value, label: countryName(value) }))
        .sort((a, b) => a.label.localeCompare(b.label)),
    [nodes],
  );
  const n = wholeNumber(more);
  const picked = nodesNamed(picks, nodes);
  const change = { count: Number.isNaN(n) ? 0 : Math.min(n, 1000), picked: picked.urns, onlyCountries: countries };
  const asked = SliceChange.parse(JSON.parse(useSettled(JSON.stringify(change), 300)));
  const check = useQuery(
    trpc.changes.growCheck.queryOptions({ name: slice.name, ...asked }, { placeholderData: keepPreviousData }),
  );
  const grow = useMutation(
    trpc.changes.grow.mutationOptions({
      onSuccess: ({ at, from, to }) =>
        onDone(
          at === 'once' ? `${slice.name} grows to ${plural(to, 'sliver')}` : 'A PI decides on it',
          at === 'once'
            ? `From ${from}; the new ones show below as they start.`
            : `It stays as it is until then; approved, it grows from ${from} to ${to} by itself.`,
        ),
    }),
  );
  const needsReason = check.data?.needsApproval ?? true;
  const errors = {
    more:
      Number.isNaN(n) || n > 1000
        ? 'Enter a whole number, at most 1,000.'
        : n + picked.urns.length === 0
          ? 'Ask for at least one more.'
          : undefined,
    picks: picked.unknown.length > 0 ? `No node, or several, have this name: ${picked.unknown.join(', ')}.` : undefined,
    reason:
      needsReason && reason.trim().length < 10 ? 'Say in a sentence what the further slivers are for.' : undefined,
  };
  return (
    <form
      className="flex flex-col gap-4"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (!errors.more && !errors.picks && !errors.reason)
          grow.mutate({ name: slice.name, ...change, reason: reason.trim() });
      }}
    >
      <Field className="max-w-40" error={tried && errors.more} label="How many more">
        {(aria) => (
          <Input {...aria} inputMode="numeric" maxLength={4} onChange={(e) => setMore(e.target.value)} value={more} />
        )}
      </Field>
      <Field
        error={false}
        hint={countries.length === 0 ? placesHint(slice) : 'Also what later stands in for one of them is there.'}
        label="Only in these countries"
        optional
      >
        {(aria) => (
          <MultiSelect
            aria={aria}
            chosen={countries}
            none="As the slice’s request says"
            onChange={setCountries}
            options={options}
            what="countries"
          />
        )}
      </Field>
      <Field
        error={tried && errors.picks}
        hint="Names of nodes, besides the number above."
        label="Nodes you pick"
        optional
      >
        {(aria) => <Input {...aria} maxLength={5000} onChange={(e) => setPicks(e.target.value)} value={picks} />}
      </Field>
      {check.data && <Meets check={check.data} />}
      <p className="text-soft text-table">
        Each is as the others are, and ends with the slice. The new ones are best effort: the slice is still worth
        having with {plural(slice.minimumCount, 'sliver')}.
      </p>
      {needsReason && (
        <Field error={tried && errors.reason} label="Reason">
          {(aria) => <Textarea {...aria} maxLength={2000} onChange={(e) => setReason(e.target.value)} value={reason} />}
        </Field>
      )}
      <Refusal error={grow.error} />
      <div className="flex justify-end gap-2">
        <Button kind="quiet" onClick={onClose}>
          Not now
        </Button>
        <Button busy={grow.isPending} kind="primary" type="submit">
          {needsReason ? 'Ask for it' : 'Grow'}
        </Button>
      </div>
    </form>
  );
}

function placesHint(slice: SliceView): string {
  const { onlyCountries } = slice.spec;
  return onlyCountries.length === 0 ? 'Any country.' : `The slice’s own: ${onlyCountries.map(countryName).join(', ')}.`;
}

/** From how many to how many, who decides, and what stands in the way now. */
function Meets({ check }: { check: GrowCheck }) {
  return (
    <div aria-live="polite" className="rounded border border-line bg-sunken px-3 py-2 text-table">
      <p>
        <b className="font-semibold tabular-nums">
          {written(check.from)} → {plural(check.to, 'sliver')}
        </b>
        {'. '}
        {check.needsApproval ? 'A PI decides.' : `At once: up to ${written(check.approvedCount)} were approved.`}{' '}
        {plural(check.matching, 'further node')} {check.matching === 1 ? 'has' : 'have'} room now.
      </p>
      {check.problems.length > 0 && (
        <ul className="mt-1.5 flex flex-col gap-1 text-danger">
          {check.problems.map(({ field, reason }) => {
            const known = knownReason(reason);
            return known && <li key={field + reason.code}>{problemAtField(known)}</li>;
          })}
        </ul>
      )}
    </div>
  );
}
