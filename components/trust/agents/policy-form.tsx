'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { POLICY_KINDS } from '@/core/granting/policy';
import { POLICY_NAMES } from '@/core/granting/policy-words';
import type { AgentView } from '@/protocol/api/agents';
import { Refusal } from '../../refusal/refusal';
import { useSettled } from '../../slice/use-settled';
import { useTRPC } from '../../trpc/client';
import { Button } from '../../ui/button';
import { Field } from '../../ui/field';
import { Input, Textarea } from '../../ui/input';
import { Section } from '../../ui/page';
import { Select } from '../../ui/select';
import { toast } from '../../ui/toast';
import { draftOf, type PolicyDraft, policyOf } from './policy-draft';
import { PolicyTrialView } from './policy-trial';

const KINDS = POLICY_KINDS.map((kind) => ({ value: kind, label: POLICY_NAMES[kind] }));
const WAIT_HINT = 'How long a site that was refused counts as waiting.';

/** Chooses how an agent grants, and shows beside it what that would have made of last week's requests, before it is applied. */
export function PolicyForm({ agent }: { agent: AgentView }) {
  const [draft, setDraft] = useState(() => draftOf(agent.policy));
  const trpc = useTRPC();
  const cache = useQueryClient();
  const apply = useMutation(
    trpc.agents.setPolicy.mutationOptions({
      onSuccess: () => {
        toast(`${agent.name} decides by this policy from its next request on.`);
        return cache.invalidateQueries(trpc.agents.list.queryFilter());
      },
    }),
  );
  const chosen = policyOf(draft, agent.policy);
  const settled = useSettled(JSON.stringify(chosen), 300);
  const tried = settled === JSON.stringify(chosen) ? chosen : null;
  const set = (change: Partial<PolicyDraft>) => setDraft((before) => ({ ...before, ...change }));
  const same = JSON.stringify(draft) === JSON.stringify(draftOf(agent.policy));
  const error = (field: string) => (!chosen.ok && chosen.field === field ? `This ${chosen.problem}.` : undefined);
  return (
    <div className="grid gap-x-10 gap-y-6 lg:grid-cols-[19rem_minmax(0,1fr)]">
      <form
        className="flex flex-col gap-4"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (chosen.ok) apply.mutate({ agent: agent.id, policy: chosen.policy });
        }}
      >
        <Field label="Policy">
          {(aria) => (
            <Select
              {...aria}
              className="w-full"
              onChange={(e) => set({ kind: KINDS.find((k) => k.value === e.target.value)?.value ?? 'first-come' })}
              options={KINDS}
              value={draft.kind}
            />
          )}
        </Field>
        {draft.kind === 'quota' && <QuotaFields draft={draft} error={error} set={set} />}
        {draft.kind === 'lottery' && <LotteryFields draft={draft} error={error} set={set} />}
        {(draft.kind === 'fair-share' || draft.kind === 'lottery') && (
          <Field error={error('waitSeconds')} hint={WAIT_HINT} label="Waits for">
            {(aria) => (
              <Input
                {...aria}
                after="minutes"
                inputMode="numeric"
                onChange={(e) => set({ waitMinutes: e.target.value })}
                value={draft.waitMinutes}
              />
            )}
          </Field>
        )}
        <Refusal error={apply.error} />
        <div className="flex gap-2">
          <Button busy={apply.isPending} disabled={same || !chosen.ok} kind="primary" type="submit">
            Apply
          </Button>
          {!same && (
            <Button kind="quiet" onClick={() => setDraft(draftOf(agent.policy))}>
              As it is now
            </Button>
          )}
        </div>
      </form>
      <Section
        title={same ? 'What it does with last week’s requests' : 'What it would have done with last week’s requests'}
      >
        {tried?.ok ? (
          <PolicyTrialView agent={agent.id} policy={tried.policy} />
        ) : (
          <p className="text-soft">{chosen.ok ? 'Looking …' : 'Correct what is marked to see it.'}</p>
        )}
      </Section>
    </div>
  );
}

type FieldsProps = {
  draft: PolicyDraft;
  set: (change: Partial<PolicyDraft>) => void;
  error: (field: string) => string | undefined;
};

function QuotaFields({ draft, set, error }: FieldsProps) {
  const limits = [
    { name: 'slivers', label: 'Slivers of a site', after: 'slivers' },
    { name: 'cores', label: 'CPU of a site', after: 'cores' },
    { name: 'memoryMiB', label: 'Memory of a site', after: 'MiB' },
  ] as const;
  return (
    <>
      {limits.map(({ name, label, after }) => (
        <Field error={name === 'slivers' ? error('each') : undefined} key={name} label={label} optional>
          {(aria) => (
            <Input
              {...aria}
              after={after}
              inputMode="decimal"
              onChange={(e) => set({ [name]: e.target.value })}
              value={draft[name]}
            />
          )}
        </Field>
      ))}
      <Field
        error={error('sites')}
        hint="A site and its slivers on each line, like: lab 50"
        label="Other limits for"
        optional
      >
        {(aria) => (
          <Textarea
            {...aria}
            className="font-mono"
            onChange={(e) => set({ siteSlivers: e.target.value })}
            value={draft.siteSlivers}
          />
        )}
      </Field>
    </>
  );
}

function LotteryFields({ draft, set, error }: FieldsProps) {
  return (
    <>
      <Field error={error('weight')} label="Weight of a site">
        {(aria) => (
          <Input {...aria} inputMode="numeric" onChange={(e) => set({ weight: e.target.value })} value={draft.weight} />
        )}
      </Field>
      <Field
        error={error('sites')}
        hint="A site and its weight on each line, like: lab 3"
        label="Other weights for"
        optional
      >
        {(aria) => (
          <Textarea
            {...aria}
            className="font-mono"
            onChange={(e) => set({ siteWeights: e.target.value })}
            value={draft.siteWeights}
          />
        )}
      </Field>
      <Field
        error={error('drawSeconds')}
        hint="Asking again before the next drawing changes nothing."
        label="Draws every"
      >
        {(aria) => (
          <Input
            {...aria}
            after="minutes"
            inputMode="numeric"
            onChange={(e) => set({ drawMinutes: e.target.value })}
            value={draft.drawMinutes}
          />
        )}
      </Field>
    </>
  );
}
