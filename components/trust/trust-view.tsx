'use client';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { ArrowLeft, X } from 'lucide-react';
import { useEffect, useRef } from 'react';
import type { TrustGraph } from '@/protocol/api/trust';
import { useLiveTopic } from '../live/live-provider';
import { Unread } from '../refusal/refusal';
import { useTRPC } from '../trpc/client';
import { Button } from '../ui/button';
import { cn } from '../ui/cn';
import { Empty } from '../ui/empty';
import { count, plural } from '../ui/format';
import { Select } from '../ui/select';
import { Skeleton } from '../ui/skeleton';
import { Time } from '../ui/time';
import { EdgePanel } from './edge-panel';
import { LinkPanel } from './link-panel';
import { LinkTable } from './link-table';
import { PathQuestion } from './path-question';
import { TrustGraphDrawing } from './trust-graph';
import { TrustSteps } from './trust-steps';
import { useTrustAddress } from './use-trust';
import { VerifyBox } from './verify-box';
import { RESOURCES } from './words';

/** Use changes with every ticket, of which no notice comes. */
const REFRESH_MS = 15_000;

/** Who trusts whom for what, until when: the graph, a statement beside it, the table, the path question, the verifying box. */
export function TrustView() {
  const trpc = useTRPC();
  const { resource, open, site, edge, link, set } = useTrustAddress();
  useLiveTopic('trust');
  const found = useQuery(
    trpc.trust.graph.queryOptions({ open, site }, { placeholderData: keepPreviousData, refetchInterval: REFRESH_MS }),
  );
  const graph = found.data;
  if (!graph && found.isError)
    return (
      <Unread
        busy={found.isFetching}
        error={found.error}
        onRetry={() => void found.refetch()}
        what="The graph of trust"
      />
    );
  if (!graph) return <Skeleton className="h-96 w-full" />;
  const onLink = (id: string) => set({ link: id });
  const chosen = graph.edges.find((one) => one.id === edge);
  const shows = link !== '' || chosen !== undefined;
  const drawing = {
    graph,
    resource,
    edge,
    opened: { open, site },
    onEdge: (id: string) => set({ edge: id, link: '' }),
    onOpen: (next: { open: string; site: string }) => set({ ...next, edge: '', link: '' }),
  };
  return (
    <>
      <div className={cn('grid grid-cols-1 gap-6', shows && 'xl:grid-cols-[minmax(0,1fr)_26rem]')}>
        <section aria-label="Graph" className="min-w-0">
          <div className="mb-3 flex flex-wrap items-center gap-3">
            {graph.edges.length > 0 && (
              <Select
                aria-label="Which resource the widths and figures are of"
                onChange={(event) => set({ of: event.target.value === 'cpuMilli' ? '' : event.target.value })}
                options={RESOURCES.map(({ id, word }) => ({ value: id, label: word }))}
                value={resource}
              />
            )}
            {open !== '' && (
              <Button onClick={() => drawing.onOpen({ open: '', site: '' })} size="sm">
                Close the opened group
              </Button>
            )}
            <div className="ml-auto text-soft text-table">
              <Totals graph={graph} />
            </div>
          </div>
          {graph.edges.length === 0 ? (
            <Nothing graph={graph} />
          ) : (
            <>
              <div className="max-md:hidden">
                <TrustGraphDrawing {...drawing} />
              </div>
              <div className="md:hidden">
                <TrustSteps {...drawing} />
              </div>
            </>
          )}
        </section>
        {shows && (
          <Aside
            onBack={link !== '' && chosen ? () => set({ link: '' }) : null}
            onClose={() => set({ edge: '', link: '' })}
            of={`${edge} ${link}`}
          >
            {link !== '' ? (
              <LinkPanel id={link} resource={resource} />
            ) : (
              chosen && (
                <EdgePanel
                  edge={chosen}
                  graph={graph}
                  key={chosen.id}
                  onLink={onLink}
                  opened={{ open, site }}
                  resource={resource}
                />
              )
            )}
          </Aside>
        )}
      </div>
      {graph.totals.links > 0 && <LinkTable graph={graph} onLink={onLink} />}
      <PathQuestion onLink={onLink} />
      <VerifyBox />
    </>
  );
}

function Totals({ graph }: { graph: TrustGraph }) {
  const { nodes, sites, agents, partners, links } = graph.totals;
  return (
    <p className="flex flex-wrap gap-x-3 tabular-nums">
      {(
        [
          [nodes, 'node'],
          [sites, 'site'],
          [agents, 'agent'],
          [partners, 'partner'],
          [links, 'link'],
        ] as const
      ).map(([n, word]) => (
        <span key={word}>
          <b className="font-semibold text-ink">{count(n)}</b> {n === 1 ? word : `${word}s`}
        </span>
      ))}
      {graph.without > 0 && <span>{plural(graph.without, 'node')} trust nobody at present</span>}
      <span>
        as of <Time at={graph.at} />
      </span>
    </p>
  );
}

function Nothing({ graph }: { graph: TrustGraph }) {
  return graph.scope === 'own' ? (
    <Empty title="No authority concerns you yet">
      You see here who handed out the nodes on which your slices have slivers. Ask for a slice; its nodes and their
      agents appear once it runs.
    </Empty>
  ) : (
    <Empty title="No authority has been handed out yet">
      Each node manager signs over part of its resources to an agent, for a time. Enrol a node: its delegation, and what
      is issued under it, is drawn here.
    </Empty>
  );
}

/** What was chosen, beside the graph or below it; it comes into view and takes the focus. */
function Aside({
  of,
  onBack,
  onClose,
  children,
}: {
  of: string;
  onBack: (() => void) | null;
  onClose: () => void;
  children: React.ReactNode;
}) {
  const panel = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each choice brings the panel into view
  useEffect(() => {
    panel.current?.scrollIntoView({ block: 'nearest' });
  }, [of]);
  return (
    <aside
      aria-label="What was chosen"
      className="min-w-0 scroll-mt-14 rounded border border-line bg-raised p-4 xl:sticky xl:top-16 xl:max-h-[calc(100dvh-5rem)] xl:self-start xl:overflow-y-auto"
      ref={panel}
    >
      <div className="mb-2 flex items-center justify-between">
        {onBack ? (
          <Button kind="quiet" onClick={onBack} size="sm">
            <ArrowLeft aria-hidden="true" />
            All links of the edge
          </Button>
        ) : (
          <span />
        )}
        <Button aria-label="Close what was chosen" kind="quiet" onClick={onClose} size="icon-sm">
          <X aria-hidden="true" />
        </Button>
      </div>
      {children}
    </aside>
  );
}
