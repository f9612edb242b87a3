'use client';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { PortList } from '@/protocol/api/network';
import type { SliceView, SliverRow } from '@/protocol/api/slice';
import { Refusal, Unread } from '../refusal/refusal';
import { useTRPC } from '../trpc/client';
import { Button } from '../ui/button';
import { CopyButton } from '../ui/copy-button';
import { Field } from '../ui/field';
import { Input } from '../ui/input';
import { Select } from '../ui/select';
import { Skeleton } from '../ui/skeleton';

/** Ports of the node that lead to the sliver: what is published, and the form that publishes another. */
export function Ports({ slice, row }: { slice: SliceView; row: SliverRow }) {
  const trpc = useTRPC();
  const cache = useQueryClient();
  const at = { name: slice.name, node: row.node.id };
  const query = trpc.ports.list.queryOptions(at, { retry: false });
  const ports = useQuery(query);
  const keep = (list: PortList) => cache.setQueryData(query.queryKey, list);
  const remove = useMutation(trpc.ports.remove.mutationOptions({ onSuccess: keep }));
  if (ports.isPending) return <Skeleton className="w-full" />;
  if (ports.isError) return <Unread error={ports.error} onRetry={() => void ports.refetch()} what="The ports" />;
  const { host, hostname, range } = ports.data;
  return (
    <div className="flex flex-col gap-3">
      {ports.data.ports.length === 0 ? (
        <p className="text-soft text-table">
          Nothing leads in from outside. Publish a port to let others reach a server here.
        </p>
      ) : (
        <ul className="border-line border-t">
          {ports.data.ports.map((port) => {
            const address = `${host ?? hostname}:${port.external}`;
            return (
              <li
                className="flex min-h-9 flex-wrap items-center gap-x-3 border-line border-b py-1 text-table"
                key={`${port.protocol}${port.external}`}
              >
                <span className="break-all font-mono">{address}</span>
                <CopyButton text={address} what="the address" />
                <span className="flex-1 text-soft">
                  to {port.internal}/{port.protocol}
                  {port.sources.length > 0 && `, only for ${port.sources.join(', ')}`}
                </span>
                <Button
                  aria-label={`Withdraw port ${port.external}/${port.protocol}`}
                  busy={remove.isPending && remove.variables.external === port.external}
                  kind="quiet"
                  onClick={() => remove.mutate({ ...at, protocol: port.protocol, external: port.external })}
                  size="sm"
                >
                  Withdraw
                </Button>
              </li>
            );
          })}
        </ul>
      )}
      <Refusal error={remove.error} />
      {range ? (
        <PublishForm at={at} keep={keep} range={range} />
      ) : (
        <p className="text-soft">The owner of this node lets slivers publish no ports.</p>
      )}
    </div>
  );
}

function PublishForm({
  at,
  range,
  keep,
}: {
  at: { name: string; node: string };
  range: { from: number; to: number };
  keep: (list: PortList) => void;
}) {
  const trpc = useTRPC();
  const [internal, setInternal] = useState('');
  const [external, setExternal] = useState('');
  const [protocol, setProtocol] = useState<'tcp' | 'udp'>('tcp');
  const [sources, setSources] = useState('');
  const publish = useMutation(
    trpc.ports.publish.mutationOptions({
      onSuccess: (list) => {
        keep(list);
        setInternal('');
        setExternal('');
        setSources('');
      },
    }),
  );
  return (
    <form
      className="flex flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        publish.mutate({
          ...at,
          protocol,
          internal: Number(internal),
          ...(external && { external: Number(external) }),
          sources: sources.split(/[\s,]+/).filter(Boolean),
        });
      }}
    >
      <div className="grid gap-3 sm:grid-cols-3">
        <Field label="Port in the sliver">
          {(aria) => (
            <Input
              {...aria}
              max={65_535}
              min={1}
              onChange={(e) => setInternal(e.target.value)}
              required
              type="number"
              value={internal}
            />
          )}
        </Field>
        <Field label="Protocol">
          {(aria) => (
            <Select
              {...aria}
              onChange={(e) => setProtocol(e.target.value === 'udp' ? 'udp' : 'tcp')}
              options={[
                { value: 'tcp', label: 'TCP' },
                { value: 'udp', label: 'UDP' },
              ]}
              value={protocol}
            />
          )}
        </Field>
        <Field label="Port of the node">
          {(aria) => (
            <Input
              {...aria}
              max={range.to}
              min={range.from}
              onChange={(e) => setExternal(e.target.value)}
              placeholder="any"
              type="number"
              value={external}
            />
          )}
        </Field>
      </div>
      <p className="text-soft text-table">
        The node lends ports {range.from} to {range.to}.
      </p>
      <Field hint="Address prefixes, such as 192.0.2.0/24. Empty: everybody." label="Only for">
        {(aria) => <Input {...aria} maxLength={600} onChange={(e) => setSources(e.target.value)} value={sources} />}
      </Field>
      <div>
        <Button busy={publish.isPending} type="submit">
          Publish
        </Button>
      </div>
      <Refusal error={publish.error} />
    </form>
  );
}
