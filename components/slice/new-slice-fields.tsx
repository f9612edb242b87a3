'use client';
import { useMemo, useState } from 'react';
import type { FleetNode } from '@/protocol/api/fleet';
import type { ImageOffer } from '@/protocol/api/slice';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import { countryName } from '../fleet/filters';
import { NodePicker } from '../fleet/node-picker';
import { Button } from '../ui/button';
import { Checkbox } from '../ui/checkbox';
import { Field, Fieldset } from '../ui/field';
import { count, plural } from '../ui/format';
import { Input, Textarea } from '../ui/input';
import { MultiSelect } from '../ui/multi-select';
import { Select } from '../ui/select';
import { Term } from '../ui/tooltip';
import { type Draft, type DraftField, defaultMinimum, type FieldErrors, totalOf } from './draft';

type FieldsProps = {
  draft: Draft;
  errors: FieldErrors;
  set: <K extends keyof Draft>(field: K, value: Draft[K]) => void;
  onBlur: (field: DraftField) => void;
  sites: readonly { loginBase: string; name: string }[];
  nodes: readonly FleetNode[];
  images: readonly ImageOffer[];
};

/** The fields of the request, in the order in which one thinks of them. */
export function NewSliceFields(props: FieldsProps) {
  return (
    <>
      <About {...props} />
      <Where {...props} />
      <Size {...props} />
      <HowLong {...props} />
    </>
  );
}

function About({ draft, errors, set, onBlur, sites }: FieldsProps) {
  return (
    <Fieldset hint="The PI reads the reason first." legend="What it is for">
      {sites.length > 1 && (
        <Field className="max-w-md" error={errors.site} label="Site">
          {(aria) => (
            <Select
              {...aria}
              onChange={(e) => set('site', e.target.value)}
              options={sites.map((s) => ({ value: s.loginBase, label: `${s.name} (${s.loginBase})` }))}
              value={draft.site}
            />
          )}
        </Field>
      )}
      <Field
        className="max-w-md"
        error={errors.shortName}
        hint="Lower-case letters and digits. It is also the login on its slivers."
        label="Name"
      >
        {(aria) => (
          <Input
            {...aria}
            autoCapitalize="none"
            autoComplete="off"
            before={<span className="font-mono">{draft.site}_</span>}
            maxLength={40}
            onBlur={() => onBlur('shortName')}
            onChange={(e) => set('shortName', e.target.value.toLowerCase())}
            spellCheck={false}
            value={draft.shortName}
          />
        )}
      </Field>
      <Field error={errors.reason} label="Reason">
        {(aria) => (
          <Textarea
            {...aria}
            maxLength={2000}
            onBlur={() => onBlur('reason')}
            onChange={(e) => set('reason', e.target.value)}
            rows={3}
            value={draft.reason}
          />
        )}
      </Field>
    </Fieldset>
  );
}

function Where({ draft, errors, set, onBlur, nodes }: FieldsProps) {
  const [picking, setPicking] = useState(false);
  const countries = useMemo(() => countriesOf(nodes), [nodes]);
  const number = (
    field: 'count' | 'minCountries' | 'maxPerSite',
    label: string,
    extra: { hint?: string; optional?: boolean; placeholder?: string } = {},
  ) => (
    <Field error={errors[field]} hint={extra.hint} label={label} optional={extra.optional}>
      {(aria) => (
        <Input
          {...aria}
          inputMode="numeric"
          maxLength={7}
          onBlur={() => onBlur(field)}
          onChange={(e) => set(field, e.target.value)}
          placeholder={extra.placeholder}
          value={draft[field]}
        />
      )}
    </Field>
  );
  return (
    <Fieldset hint="The broker chooses nodes that are up and have room, spread over sites." legend="Where">
      <div className="grid gap-5 sm:grid-cols-3">
        {number('count', 'Number of nodes')}
        {number('minCountries', 'In at least', { hint: 'different countries' })}
        {number('maxPerSite', 'At most per site', { optional: true, placeholder: 'no limit' })}
      </div>
      <Field error={errors.onlyCountries} label="Only in these countries" optional>
        {(aria) => (
          <MultiSelect
            aria={aria}
            chosen={draft.onlyCountries}
            none="Any country"
            onChange={(chosen) => set('onlyCountries', chosen)}
            options={countries}
            what="countries"
          />
        )}
      </Field>
      <div className="flex flex-col gap-2">
        <div className="flex flex-wrap items-center gap-3">
          <span className="font-medium">
            Nodes you pick yourself <span className="font-normal text-faint">optional, besides the number above</span>
          </span>
          <Button aria-expanded={picking} onClick={() => setPicking(!picking)} size="sm">
            {picking ? 'Close the list' : draft.picked.length > 0 ? 'Change' : 'Pick nodes'}
          </Button>
        </div>
        {!picking && draft.picked.length > 0 && <Picked nodes={nodes} urns={draft.picked} />}
        {picking && <NodePicker onChange={(urns) => set('picked', urns)} value={draft.picked} />}
        {errors.picked && (
          <p className="text-danger text-table" role="alert">
            {errors.picked}
          </p>
        )}
      </div>
    </Fieldset>
  );
}

function Picked({ urns, nodes }: { urns: readonly string[]; nodes: readonly FleetNode[] }) {
  const SHOWN = 6;
  const names = urns.map((urn) => nodes.find((n) => n.urn === urn)?.hostname ?? urn);
  return (
    <p className="text-soft text-table">
      {plural(urns.length, 'node')}: <span className="font-mono">{names.slice(0, SHOWN).join(', ')}</span>
      {names.length > SHOWN && ` and ${count(names.length - SHOWN)} more`}
    </p>
  );
}

function Size({ draft, errors, set, onBlur, images }: FieldsProps) {
  const amount = (field: 'cores' | 'memoryMiB' | 'diskMiB' | 'networkMbps', label: string, unit: string) => (
    <Field error={errors[field]} label={label}>
      {(aria) => (
        <Input
          {...aria}
          after={unit}
          inputMode="decimal"
          maxLength={10}
          onBlur={() => onBlur(field)}
          onChange={(e) => set(field, e.target.value)}
          value={draft[field]}
        />
      )}
    </Field>
  );
  return (
    <Fieldset
      hint={
        <>
          <Term means="Your slice gets these amounts whatever others do; when a node is idle, it gets more.">
            Reserved
          </Term>{' '}
          on each node.
        </>
      }
      legend="Size of one sliver"
    >
      <div className="grid grid-cols-2 gap-5 xl:grid-cols-4">
        {amount('cores', 'CPU', 'cores')}
        {amount('memoryMiB', 'Memory', 'MiB')}
        {amount('diskMiB', 'Disk', 'MiB')}
        {amount('networkMbps', 'Network', 'Mbit/s')}
      </div>
      <Field className="max-w-md" error={errors.image} label="Image">
        {(aria) => (
          <Select
            {...aria}
            onChange={(e) => set('image', e.target.value)}
            options={imageOptions(images, draft.image || DEFAULT_RESOURCES.image)}
            value={draft.image || DEFAULT_RESOURCES.image}
          />
        )}
      </Field>
    </Fieldset>
  );
}

const IMAGE_WORDS: Record<string, string> = {
  base: 'Debian with ssh',
  tiny: 'busybox, 2 MB',
};

/** What nodes offer, and what is chosen though nobody offers it now. */
function imageOptions(images: readonly ImageOffer[], chosen: string) {
  const offered = images.some(({ image }) => image === chosen)
    ? images
    : [...images, { image: chosen, nodes: 0, realNodes: 0 }];
  return offered.map(({ image, nodes }) => ({
    value: image,
    label: `${image}${IMAGE_WORDS[image] ? `: ${IMAGE_WORDS[image]}` : ''} (${plural(nodes, 'node')})`,
  }));
}

function HowLong({ draft, errors, set, onBlur }: FieldsProps) {
  const total = totalOf(draft);
  return (
    <Fieldset hint="You can ask to renew it before it ends." legend="How long, and how strictly">
      <Field className="max-w-40" error={errors.days} label="Term">
        {(aria) => (
          <Input
            {...aria}
            after="days"
            inputMode="decimal"
            maxLength={6}
            onBlur={() => onBlur('days')}
            onChange={(e) => set('days', e.target.value)}
            value={draft.days}
          />
        )}
      </Field>
      <div className="flex flex-col gap-3">
        <Checkbox
          checked={draft.substitute}
          hint="A node that is down or full is replaced by one like it."
          label="Another node may stand in for one that fails"
          onChange={(yes) => set('substitute', yes)}
        />
        <Checkbox
          checked={draft.tolerance === 'all'}
          hint="If one node cannot be had, none is kept."
          label="All or nothing"
          onChange={(yes) => set('tolerance', yes ? 'all' : 'some')}
        />
        <Checkbox
          checked={draft.ownManager}
          hint="Nothing is deployed: you lease what was approved from the command line, with a key of your own."
          label="I run this slice with my own service manager"
          onChange={(yes) => set('ownManager', yes)}
        />
      </div>
      {draft.tolerance === 'some' && (
        <Field
          className="max-w-64"
          error={errors.minimum}
          hint="With fewer the slice counts as failed."
          label="Least number of slivers worth having"
        >
          {(aria) => (
            <Input
              {...aria}
              inputMode="numeric"
              maxLength={5}
              onBlur={() => onBlur('minimum')}
              onChange={(e) => set('minimum', e.target.value)}
              placeholder={Number.isNaN(total) || total === 0 ? '' : String(defaultMinimum(total))}
              value={draft.minimum}
            />
          )}
        </Field>
      )}
    </Fieldset>
  );
}

/** The countries that have nodes, by name, with how many can take a sliver now. */
function countriesOf(nodes: readonly FleetNode[]) {
  const ready = new Map<string, number>();
  for (const n of nodes)
    if (n.country) ready.set(n.country, (ready.get(n.country) ?? 0) + (n.unusable === null ? 1 : 0));
  return [...ready]
    .map(([value, n]) => ({ value, label: countryName(value), detail: `${plural(n, 'node')} up` }))
    .sort((a, b) => a.label.localeCompare(b.label, 'en'));
}
