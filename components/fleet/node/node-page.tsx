'use client';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { sentence } from '@/core/refusal-sentence';
import type { NodeView } from '@/protocol/api/fleet';
import { useLiveTopic } from '../../live/live-provider';
import { Unread } from '../../refusal/refusal';
import { useTRPC } from '../../trpc/client';
import { plural } from '../../ui/format';
import { Meter } from '../../ui/meter';
import { Page, Section } from '../../ui/page';
import { TableSkeleton } from '../../ui/skeleton';
import { StateMark } from '../../ui/state-mark';
import { Time } from '../../ui/time';
import { cores, kilobits, mebibytes } from '../amounts';
import { countryName } from '../filters';
import { MiniMap } from '../mini-map';
import { STANDING, standingOf, toneOf } from '../node-standing';
import { NodeActs } from './node-acts';
import { Advertised, NodeFacts } from './node-facts';
import { NodeSlivers } from './node-slivers';
import { NodeUsage } from './node-usage';

/** Everything that is known of one node, and what may be done with it. */
export function NodePage({ id }: { id: string }) {
  const trpc = useTRPC();
  useLiveTopic(`node:${id}`);
  // A heartbeat comes every ten seconds; what it says of load and room is as old as that.
  const query = useQuery(trpc.fleet.node.queryOptions({ id }, { refetchInterval: 10_000 }));
  const node = query.data;
  if (!node && query.error) {
    return (
      <Page title="Node">
        <Unread busy={query.isFetching} error={query.error} onRetry={() => void query.refetch()} what="This node" />
      </Page>
    );
  }
  if (!node)
    return (
      <Page title="Node">
        <TableSkeleton rows={10} />
      </Page>
    );
  const standing = STANDING[standingOf(node)];
  return (
    <Page
      acts={<NodeActs node={node} />}
      facts={
        <span className="flex flex-wrap items-center gap-x-4 gap-y-1">
          <StateMark className="font-medium text-ink" simulated={node.simulated} tone={standing.tone}>
            {standing.label}
          </StateMark>
          {node.partner && (
            <span>
              Of our partner{' '}
              <Link className="link" href="/trust/partners">
                {node.partner}
              </Link>
            </span>
          )}
          {node.simulated && <span>Simulated: its slivers are states and delays only</span>}
          <span>
            {node.partner ? (
              node.siteName
            ) : (
              <Link className="link" href={`/sites/${node.site}`}>
                {node.siteName}
              </Link>
            )}
            {', '}
            {[node.city, countryName(node.country)].filter(Boolean).join(', ')}
          </span>
          <span>
            {node.lastSeen ? (
              <>
                Last seen <Time at={node.lastSeen} />
              </>
            ) : (
              'Not seen yet'
            )}
          </span>
        </span>
      }
      title={<span className="font-mono">{node.hostname}</span>}
    >
      {node.unusable && <WhyUnusable node={node} />}
      <div className="grid gap-6 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <div className="flex min-w-0 flex-col gap-6">
          <Section aside={node.free ? 'reserved of what it offers' : undefined} title="Room">
            <Room node={node} />
          </Section>
          {node.usage && <NodeUsage usage={node.usage} />}
          <Section aside={plural(node.slivers, 'sliver')} title="Slivers">
            <NodeSlivers node={node} />
          </Section>
        </div>
        <div className="flex min-w-0 flex-col gap-6">
          {node.latitude !== null && (
            <MiniMap
              className="rounded border border-line"
              label={`${node.hostname} on the world: ${node.city ?? ''} ${countryName(node.country)}`}
              nodes={[
                { latitude: node.latitude, longitude: node.longitude, state: toneOf(node), simulated: node.simulated },
              ]}
            />
          )}
          <Section title="Facts">
            <NodeFacts node={node} />
          </Section>
          <Advertised node={node} />
        </div>
      </div>
    </Page>
  );
}

function WhyUnusable({ node }: { node: NodeView }): ReactNode {
  if (!node.unusable) return null;
  const tone = STANDING[standingOf(node)].tone;
  return (
    <div className="rounded border border-line-strong bg-sunken px-4 py-3">
      <p className="font-medium">
        <StateMark tone={tone}>It takes no new slivers now.</StateMark>
      </p>
      <p className="mt-0.5 max-w-prose text-soft">{sentence(node.unusable, Date.now())}</p>
      {(node.reachability === 'unreachable' || node.reachability === 'never') && node.slivers > 0 && (
        <p className="mt-0.5 max-w-prose text-soft">
          Its {plural(node.slivers, 'sliver')} run on until their leases end, whoever can reach them.
        </p>
      )}
    </div>
  );
}

const MEASURES = [
  { key: 'cpuMilli', label: 'Cores', format: cores },
  { key: 'memoryMiB', label: 'Memory', format: mebibytes },
  { key: 'diskMiB', label: 'Disk', format: mebibytes },
  { key: 'networkKbps', label: 'Network', format: kilobits },
] as const;

function Room({ node }: { node: NodeView }) {
  const { capacity, free } = node;
  if (!capacity || !free)
    return <p className="text-soft">It has not said yet what it has. A node says so with its first heartbeat.</p>;
  return (
    <div className="grid gap-x-8 gap-y-4 sm:grid-cols-2">
      {MEASURES.map(({ key, label, format }) => (
        <Meter
          format={format}
          key={key}
          label={`${label}: ${format(free[key])} free`}
          limit={capacity[key]}
          used={Math.max(0, capacity[key] - free[key])}
        />
      ))}
    </div>
  );
}
