'use client';
import { useQuery } from '@tanstack/react-query';
import type { SliceView, SliverRow } from '@/protocol/api/slice';
import { Unread } from '../refusal/refusal';
import { useTRPC } from '../trpc/client';
import { Dialog } from '../ui/dialog';
import { Fact, Facts } from '../ui/page';
import { Skeleton } from '../ui/skeleton';
import { Time } from '../ui/time';
import { hasPlace } from './change-rows';
import { ChosenSlivers } from './chosen-slivers';
import { Ports } from './ports';
import { SliverState } from './slice-state';
import { SliverAccess } from './sliver-access';
import { isThere, SliverActs, SliverLog } from './sliver-acts';
import { SliverStatements } from './sliver-statements';
import { sliverWords } from './sliver-words';
import { StepList } from './step-list';

/** What happened to one sliver, step by step. */
export function SliverSteps({
  slice,
  row,
  rows,
  onClose,
}: {
  slice: SliceView;
  row: SliverRow | null;
  rows: readonly SliverRow[];
  onClose: () => void;
}) {
  return (
    <Dialog
      onOpenChange={(open) => !open && onClose()}
      open={row !== null}
      title={<span className="break-all font-mono">{row?.node.hostname}</span>}
    >
      {row && <Steps row={row} rows={rows} slice={slice} />}
    </Dialog>
  );
}

function Steps({ slice, row, rows }: { slice: SliceView; row: SliverRow; rows: readonly SliverRow[] }) {
  const trpc = useTRPC();
  const steps = useQuery(trpc.slices.steps.queryOptions({ name: slice.name, sliverId: row.id }));
  const words = sliverWords(row, rows);
  return (
    <div className="flex flex-col gap-4">
      {words && <p>{words}</p>}
      <Facts>
        <Fact name="State">
          <SliverState
            leaving={row.desired === 'gone' && row.goneAt === null}
            reported={row.reported}
            simulated={row.node.simulated}
          />
        </Fact>
        <Fact name="Place">{[row.node.city, row.node.country].filter(Boolean).join(', ') || 'unknown'}</Fact>
        <Fact name="Last heard">{row.lastSeen ? <Time at={row.lastSeen} /> : 'not yet'}</Fact>
        {row.leaseEndsAt && (
          <Fact name="Lease ends">
            <Time at={row.leaseEndsAt} />
          </Fact>
        )}
      </Facts>
      {row.reported === 'running' && slice.may.exec && (
        <div>
          <h3 className="mb-1 font-semibold">Getting in</h3>
          <SliverAccess row={row} slice={slice} />
        </div>
      )}
      {slice.may.exec && isThere(row) && (
        <>
          <SliverActs row={row} slice={slice} />
          <SliverLog row={row} slice={slice} />
        </>
      )}
      {(slice.may.change || slice.may.move) && hasPlace(row, rows) && <ChosenSlivers rows={[row]} slice={slice} />}
      {row.desired === 'running' && row.goneAt === null && !row.node.simulated && slice.may.exec && (
        <div>
          <h3 className="mb-1 font-semibold">Published ports</h3>
          <Ports row={row} slice={slice} />
        </div>
      )}
      <div>
        <h3 className="mb-1 font-semibold">Ticket and lease</h3>
        <SliverStatements row={row} slice={slice} />
      </div>
      <div>
        <h3 className="mb-1 font-semibold">Steps</h3>
        {steps.isPending && <Skeleton className="w-full" />}
        {steps.isError && <Unread error={steps.error} onRetry={() => void steps.refetch()} what="The steps" />}
        {steps.data && <StepList slice={slice.name} steps={steps.data} withNode={false} />}
      </div>
    </div>
  );
}
