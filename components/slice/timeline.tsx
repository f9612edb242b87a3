'use client';
import { useQuery } from '@tanstack/react-query';
import { Unread } from '../refusal/refusal';
import { useTRPC } from '../trpc/client';
import { plural } from '../ui/format';
import { Section } from '../ui/page';
import { TableSkeleton } from '../ui/skeleton';
import { Time } from '../ui/time';
import { eventWords } from './event-words';
import { StepList } from './step-list';

const STEPS_SHOWN = 200;

/** What people and programs did: the slice as a whole at the left, the steps of its slivers at the right; newest first. */
export function Timeline({ name }: { name: string }) {
  const trpc = useTRPC();
  const events = useQuery(trpc.slices.events.queryOptions({ name }));
  const steps = useQuery(trpc.slices.steps.queryOptions({ name, limit: STEPS_SHOWN }));
  return (
    <div className="grid gap-x-10 gap-y-6 lg:grid-cols-2">
      <Section title="The slice">
        {events.isPending && <TableSkeleton rows={4} />}
        {events.isError && <Unread error={events.error} onRetry={() => void events.refetch()} what="The events" />}
        {events.data && events.data.length === 0 && <p className="text-soft text-table">Nothing happened yet.</p>}
        {events.data && (
          <ol className="text-table">
            {events.data.map((e) => (
              <li className="grid grid-cols-[minmax(0,1fr)_auto] gap-x-4 border-line border-b py-1.5" key={e.id}>
                <span>
                  {eventWords(e.action, e.facts)} <span className="text-soft">by {e.actor}</span>
                </span>
                <Time at={e.at} className="whitespace-nowrap text-faint" />
              </li>
            ))}
          </ol>
        )}
      </Section>
      <Section
        aside={steps.data && steps.data.length >= STEPS_SHOWN ? `the last ${plural(STEPS_SHOWN, 'step')}` : null}
        title="Its slivers"
      >
        {steps.isPending && <TableSkeleton rows={8} />}
        {steps.isError && <Unread error={steps.error} onRetry={() => void steps.refetch()} what="The steps" />}
        {steps.data && <StepList slice={name} steps={steps.data} withNode />}
      </Section>
    </div>
  );
}
