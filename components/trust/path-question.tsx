'use client';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useId, useState } from 'react';
import { sentence } from '@/core/refusal-sentence';
import { HARD_RESOURCES, type HardAmounts, hardOf } from '@/core/resources/vector';
import { adviceFor } from '@/core/trust/path-advice';
import type { MayAnswer } from '@/protocol/api/trust';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import { Refusal } from '../refusal/refusal';
import { useTRPC } from '../trpc/client';
import { Button } from '../ui/button';
import { cn } from '../ui/cn';
import { Field } from '../ui/field';
import { plural } from '../ui/format';
import { Input } from '../ui/input';
import { Section } from '../ui/page';
import { Skeleton } from '../ui/skeleton';
import { StateMark } from '../ui/state-mark';
import { Time } from '../ui/time';
import { useTrustAddress } from './use-trust';
import { allAmounts, degree } from './words';

const AMOUNTS = [
  { id: 'cpuMilli', label: 'Cores', param: 'cpu', scale: 1000, step: 0.1 },
  { id: 'memoryMiB', label: 'Memory (MiB)', param: 'memory', scale: 1, step: 64 },
  { id: 'diskMiB', label: 'Disk (MiB)', param: 'disk', scale: 1, step: 256 },
  { id: 'networkKbps', label: 'Network (kbit/s)', param: 'network', scale: 1, step: 100 },
] as const;
const PARAMS = ['key', 'node', 'slivers', 'days', 'start', ...AMOUNTS.map((each) => each.param)];

/** "May this key issue so much on that node?": the question and its answer have an address. */
export function PathQuestion({ onLink }: { onLink: (id: string) => void }) {
  const { get, set } = useTrustAddress();
  const trpc = useTRPC();
  const issuers = useQuery(trpc.trust.issuers.queryOptions(undefined, { staleTime: 60_000 }));
  const asked = questionOf(get);
  const answer = useQuery(
    trpc.trust.may.queryOptions(asked ?? { issuer: 'x', node: 'x' }, { enabled: asked !== null, retry: false }),
  );
  const [from, setFrom] = useState(() => Object.fromEntries(PARAMS.map((name) => [name, get(name)])));
  const value = (name: string) => from[name] ?? '';
  const change = (name: string) => (event: { target: { value: string } }) =>
    setFrom((held) => ({ ...held, [name]: event.target.value }));
  const ask = (event: FormEvent) => {
    event.preventDefault();
    set({ ...from });
    if (asked) void answer.refetch();
  };
  const list = useId();
  return (
    <Section title="May this key issue on that node?">
      <form className="grid grid-cols-2 items-end gap-3 sm:grid-cols-4 lg:grid-cols-8" onSubmit={ask}>
        <Field className="col-span-2" label="Agent or key">
          {(aria) => (
            <>
              <Input
                {...aria}
                list={list}
                onChange={change('key')}
                placeholder="am, or a key’s thumbprint"
                required
                value={value('key')}
              />
              <datalist id={list}>
                {(issuers.data ?? []).map((one) => (
                  <option key={one.id} value={one.name}>
                    {one.partner ?? 'of this deployment'}
                  </option>
                ))}
              </datalist>
            </>
          )}
        </Field>
        <Field className="col-span-2" label="Node">
          {(aria) => (
            <Input {...aria} onChange={change('node')} placeholder="Host name or URN" required value={value('node')} />
          )}
        </Field>
        <Field label="Slivers">
          {(aria) => (
            <Input
              {...aria}
              max={10_000}
              min={1}
              onChange={change('slivers')}
              placeholder="1"
              type="number"
              value={value('slivers')}
            />
          )}
        </Field>
        <Field label="Days">
          {(aria) => (
            <Input
              {...aria}
              max={365}
              min={1}
              onChange={change('days')}
              placeholder="14"
              type="number"
              value={value('days')}
            />
          )}
        </Field>
        <Field className="col-span-2" label="From">
          {(aria) => <Input {...aria} onChange={change('start')} type="datetime-local" value={value('start')} />}
        </Field>
        {AMOUNTS.map(({ id, label, param, scale, step }) => (
          <Field className="sm:col-span-1 lg:col-span-2" key={id} label={label}>
            {(aria) => (
              <Input
                {...aria}
                min={0}
                onChange={change(param)}
                placeholder={String(DEFAULT_RESOURCES[id] / scale)}
                step={step === 0.1 ? 'any' : 1}
                type="number"
                value={value(param)}
              />
            )}
          </Field>
        ))}
        <Button className="col-span-2 sm:col-span-1" kind="primary" type="submit">
          Ask
        </Button>
      </form>
      <div aria-live="polite" className="mt-4">
        {asked && answer.isPending && <Skeleton className="h-24 w-full" />}
        {asked && answer.isError && <Refusal error={answer.error} />}
        {asked && answer.data && <Answer answer={answer.data} onLink={onLink} />}
      </div>
    </Section>
  );
}

function questionOf(get: (name: string) => string) {
  const [issuer, node] = [get('key').trim().slice(0, 256), get('node').trim().slice(0, 256)];
  if (issuer === '' || node === '') return null;
  const amounts: Partial<HardAmounts> = {};
  for (const { id, param, scale } of AMOUNTS) {
    const amount = Number.parseFloat(get(param));
    if (Number.isFinite(amount) && amount >= 0) amounts[id] = Math.round(amount * scale);
  }
  const start = new Date(get('start'));
  const whole = (text: string, otherwise: number, most: number) =>
    Math.min(most, Math.max(1, Number.parseInt(text, 10) || otherwise));
  return {
    issuer,
    node,
    slivers: whole(get('slivers'), 1, 10_000),
    seconds: whole(get('days'), 14, 365) * 86_400,
    amounts,
    ...(Number.isNaN(start.getTime()) ? {} : { start }),
  };
}

function Answer({ answer, onLink }: { answer: MayAnswer; onLink: (id: string) => void }) {
  const { may, issuer, node, wish, reason, path, others } = answer;
  const broken = path.find((step) => step.verdict === 'broken')?.link;
  const names = broken && { from: broken.issuer?.name ?? broken.node.hostname, to: broken.grantee.name };
  const each = HARD_RESOURCES.every((r) => wish.amounts[r] === hardOf(DEFAULT_RESOURCES)[r])
    ? 'of the usual size'
    : `of ${allAmounts(wish.amounts)}`;
  return (
    <div className="flex flex-col gap-3">
      <div
        className={cn('rounded border px-3 py-2', may ? 'border-line bg-sunken' : 'border-danger bg-danger-soft')}
        role={may ? 'status' : 'alert'}
      >
        <StateMark tone={may ? 'running' : 'failed'}>
          <b className="font-medium">{may ? 'Yes' : 'No'}</b>
        </StateMark>
        <p className="mt-0.5">
          {issuer.name} {may ? 'may' : 'may not'} issue {plural(wish.slivers, 'ticket')} for slivers {each} on{' '}
          <span className="font-mono">{node.hostname}</span>,{' '}
          {wish.start <= answer.at ? 'now' : <Time at={wish.start} />} to <Time at={wish.end} />.
        </p>
        {reason && (
          <p className="mt-1">
            {sentence(reason, answer.at.getTime())} <code className="text-table">{reason.code}</code>
          </p>
        )}
        {reason && <p className="mt-1 text-soft">What would have to change: {adviceFor(reason, names ?? null)}</p>}
      </div>
      {path.length > 0 && (
        <ol aria-label="The path" className="flex flex-col gap-2">
          {path.map(({ link, verdict, reason: why, free }, i) => (
            <li className="rounded border border-line px-3 py-2 text-table" key={link.id}>
              <div className="flex flex-wrap items-baseline gap-x-3">
                <span className="text-faint tabular-nums">{i + 1}</span>
                <button
                  className="link min-w-0 flex-1 truncate text-left"
                  onClick={() => onLink(link.id)}
                  type="button"
                >
                  {link.issuer?.name ?? link.node.hostname} to {link.grantee.name}
                </button>
                <StateMark tone={verdict === 'holds' ? 'running' : verdict === 'broken' ? 'failed' : 'unknown'}>
                  {verdict === 'broken' ? 'The first broken link' : verdict === 'holds' ? 'Holds' : 'Not judged'}
                </StateMark>
              </div>
              <p className="mt-1 text-soft">
                {allAmounts(link.rights)}; {degree(link.degreeMilli)}; until <Time at={link.notAfter} />. Left of it for
                this term: {allAmounts(atLeastNothing(free))}.
              </p>
              {why && <p className="mt-1">{sentence(why)}</p>}
            </li>
          ))}
        </ol>
      )}
      {others > 0 && (
        <p className="text-soft text-table">
          {plural(others, 'other path')} lead there; this one {may ? 'lasts the longest' : 'comes nearest'}.
        </p>
      )}
      <p className="text-faint text-table">
        By the rules by which agents issue and nodes take tickets; it says nothing of the node’s own room, nor of what
        an agent’s policy grants. Tickets that a partner’s agent issued are not known here.
      </p>
    </div>
  );
}

function atLeastNothing(amounts: HardAmounts): HardAmounts {
  const left = { ...amounts };
  for (const r of HARD_RESOURCES) left[r] = Math.max(0, left[r]);
  return left;
}
