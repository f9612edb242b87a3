'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { AgentView } from '@/protocol/api/agents';
import { Refusal } from '../../refusal/refusal';
import { useTRPC } from '../../trpc/client';
import { Button } from '../../ui/button';
import { Field } from '../../ui/field';
import { Input } from '../../ui/input';
import { Select } from '../../ui/select';

const SWITCHES = [
  { value: 'open', label: 'Open: issues tickets' },
  { value: 'draining', label: 'Draining: renewals only' },
  { value: 'closed', label: 'Closed: issues nothing' },
] as const;

/** Whether an agent issues, what part of each node it is to get, and how far it may promise more than that. */
export function AgentWish({ agent }: { agent: AgentView }) {
  const trpc = useTRPC();
  const cache = useQueryClient();
  const onSuccess = () => cache.invalidateQueries(trpc.agents.list.queryFilter());
  const change = useMutation(trpc.agents.setSwitch.mutationOptions({ onSuccess }));
  const wish = useMutation(trpc.agents.setShare.mutationOptions({ onSuccess }));
  const [share, setShare] = useState(String(agent.shareMilli / 10));
  const [degree, setDegree] = useState(String(agent.degreeMilli / 1000));
  const [shareMilli, degreeMilli] = [Math.round(Number(share) * 10), Math.round(Number(degree) * 1000)];
  const shareError = shareMilli >= 1 && shareMilli <= 1000 ? undefined : 'Enter a part from 0.1 to 100 %.';
  const degreeError = degreeMilli >= 1000 && degreeMilli <= 100_000 ? undefined : 'Enter a degree from 1 to 100.';
  const same = shareMilli === agent.shareMilli && degreeMilli === agent.degreeMilli;
  const wanted = change.isPending ? change.variables.adminSwitch : agent.state;
  return (
    <form
      className="grid items-start gap-4 sm:grid-cols-[16rem_9rem_9rem_auto]"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (!shareError && !degreeError) wish.mutate({ agent: agent.id, shareMilli, degreeMilli });
      }}
    >
      <Field hint="From its next request on." label="Whether it issues">
        {(aria) => (
          <Select
            {...aria}
            disabled={change.isPending}
            onChange={(e) => {
              const adminSwitch = SWITCHES.find((one) => one.value === e.target.value)?.value;
              if (adminSwitch) change.mutate({ agent: agent.id, adminSwitch });
            }}
            options={SWITCHES}
            value={wanted}
          />
        )}
      </Field>
      <Field error={shareError} hint="Of each node." label="Part">
        {(aria) => (
          <Input {...aria} after="%" inputMode="decimal" onChange={(e) => setShare(e.target.value)} value={share} />
        )}
      </Field>
      <Field error={degreeError} hint="1 is none." label="Oversubscription">
        {(aria) => (
          <Input
            {...aria}
            after="times"
            inputMode="decimal"
            onChange={(e) => setDegree(e.target.value)}
            value={degree}
          />
        )}
      </Field>
      <div className="sm:pt-7">
        <Button busy={wish.isPending} disabled={same || Boolean(shareError ?? degreeError)} type="submit">
          Ask nodes for it
        </Button>
      </div>
      <div className="sm:col-span-4">
        <p className="text-soft text-table">
          Nodes hear of it with their next heartbeat. A machine’s owner may give less, never has to give more.
        </p>
        <Refusal error={change.error ?? wish.error} />
      </div>
    </form>
  );
}
