'use client';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { GrantInput, type PartnerView } from '@/protocol/api/partners';
import { countryName, tally } from '../../fleet/filters';
import { Refusal } from '../../refusal/refusal';
import { useTRPC } from '../../trpc/client';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { Field } from '../../ui/field';
import { Input } from '../../ui/input';
import { MultiSelect } from '../../ui/multi-select';
import { Select } from '../../ui/select';
import { type Ending, EndingFields } from './ending';
import { GrantPreviewWords } from './grant-preview';
import { PARTS } from './part';

type By = 'all' | 'site' | 'country' | 'list';
const BY = [
  { value: 'all', label: 'All of ours' },
  { value: 'country', label: 'Of some countries' },
  { value: 'site', label: 'Of some sites' },
  { value: 'list', label: 'These' },
] as const;

/** Sets what a partner has: which nodes, what part of each, until when. What that changes is shown before. */
export function GrantDialog({ partner, onClose }: { partner: PartnerView; onClose: () => void }) {
  const { given } = partner;
  const [by, setBy] = useState<By>('all');
  const [chosen, setChosen] = useState<string[]>([]);
  const [text, setText] = useState('');
  const [most, setMost] = useState(given.nodes > 0 ? String(given.nodes) : '');
  const [share, setShare] = useState(String(given.shareMilli ?? 500));
  const [days, setDays] = useState('30');
  const [ending, setEnding] = useState<Ending>({ endLeases: false, reason: '' });
  const trpc = useTRPC();
  const cache = useQueryClient();
  const fleet = useQuery(trpc.fleet.nodes.queryOptions());
  const input = GrantInput.safeParse({
    authority: partner.authority,
    nodes: nodesOf(by, chosen, text),
    count: most.trim() === '' ? null : Number(most),
    shareMilli: Number(share),
    days: Number(days),
  });
  const preview = useQuery(
    trpc.partners.previewGrant.queryOptions(
      input.data ?? { authority: partner.authority, nodes: { by: 'all' }, shareMilli: 1, days: 1 },
      { enabled: input.success, placeholderData: (before) => before, staleTime: 0 },
    ),
  );
  const grant = useMutation(
    trpc.partners.grant.mutationOptions({
      onSuccess: async () => {
        await cache.invalidateQueries(trpc.partners.list.queryFilter());
        onClose();
      },
    }),
  );
  const options = useMemo(() => {
    const own = (fleet.data ?? []).filter((node) => !node.partner);
    const of = by === 'country' ? tally(own, (node) => node.country ?? '--') : tally(own, (node) => node.site);
    return of.map(([value, n]) => ({
      value,
      label: by === 'country' ? countryName(value) : value,
      detail: String(n),
    }));
  }, [fleet.data, by]);
  const takesBack = (preview.data?.removed ?? 0) > 0;
  const parts = PARTS.some((part) => part.value === share)
    ? PARTS
    : [...PARTS, { value: share, label: `${Number(share) / 10} % of that` }];
  return (
    <Dialog
      description="What it has from now on. Nodes that are not among these are taken back; within its part it decides itself who runs there."
      onOpenChange={(next) => !next && onClose()}
      open
      title={given.nodes === 0 ? `Give nodes to ${partner.name}` : `Change what ${partner.name} has`}
    >
      <form
        className="flex flex-col gap-4"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (input.success) grant.mutate({ ...input.data, ...ending });
        }}
      >
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label="Nodes">
            {(aria) => (
              <Select
                {...aria}
                className="w-full"
                onChange={(e) => {
                  setBy(BY.find((one) => one.value === e.target.value)?.value ?? 'all');
                  setChosen([]);
                }}
                options={BY}
                value={by}
              />
            )}
          </Field>
          <Field hint="Spread over sites; those in use stay first." label="At most" optional>
            {(aria) => (
              <Input
                {...aria}
                inputMode="numeric"
                onChange={(e) => setMost(e.target.value)}
                placeholder="all that match"
                value={most}
              />
            )}
          </Field>
        </div>
        {(by === 'country' || by === 'site') && (
          <Field label={by === 'country' ? 'Countries' : 'Sites'}>
            {(aria) => (
              <MultiSelect
                aria={aria}
                chosen={chosen}
                none={`Choose ${by === 'country' ? 'countries' : 'sites'}`}
                onChange={setChosen}
                options={options}
                what={by === 'country' ? 'countries' : 'sites'}
              />
            )}
          </Field>
        )}
        {by === 'list' && (
          <Field hint="Host names or URNs, separated by spaces or commas." label="Names">
            {(aria) => <Input {...aria} onChange={(e) => setText(e.target.value)} spellCheck={false} value={text} />}
          </Field>
        )}
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label="Part of each">
            {(aria) => (
              <Select
                {...aria}
                className="w-full"
                onChange={(e) => setShare(e.target.value)}
                options={parts}
                value={share}
              />
            )}
          </Field>
          <Field hint="From today; it can be changed before." label="For how many days">
            {(aria) => <Input {...aria} inputMode="numeric" onChange={(e) => setDays(e.target.value)} value={days} />}
          </Field>
        </div>
        {input.success ? (
          <GrantPreviewWords error={preview.error} partner={partner.name} preview={preview.data ?? null} />
        ) : (
          <p className="text-soft text-table">{problemOf(input.error.issues[0]?.path.map(String).join('.') ?? '')}</p>
        )}
        {takesBack && <EndingFields onChange={setEnding} value={ending} />}
        <Refusal error={grant.error} />
        <div className="flex justify-end gap-2">
          <Button kind="quiet" onClick={onClose}>
            Cancel
          </Button>
          <Button
            busy={grant.isPending}
            disabled={!input.success || preview.isError}
            kind={takesBack ? 'danger' : 'primary'}
            type="submit"
          >
            {takesBack ? 'Take back and set' : given.nodes === 0 ? 'Give' : 'Set'}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function nodesOf(by: By, chosen: string[], text: string): GrantInput['nodes'] {
  if (by === 'site') return { by, sites: chosen };
  if (by === 'country') return { by, countries: chosen };
  if (by === 'list') return { by, nodes: text.split(/[\s,]+/).filter(Boolean) };
  return { by };
}

function problemOf(field: string): string {
  if (field === 'count') return 'Enter how many nodes at most: a number from 1 to 2,000, or nothing for all.';
  if (field === 'days') return 'Enter a number of days from 1 to 365.';
  return 'Choose which nodes it is to have.';
}
