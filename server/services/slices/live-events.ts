import type { LiveEvent, Topic } from '@/protocol/api/live';
import { processHub } from '@/server/live/process-hub';
import { liveStream } from '@/server/live/stream';
import type { Person } from '@/server/services/policy';

/** A snapshot for each topic that `person` may see, then changes until `signal` aborts or `again` finds nobody any more. */
export function liveEvents(
  person: Person,
  again: () => Promise<Person | null>,
  topics: readonly Topic[],
  signal: AbortSignal | undefined,
): AsyncGenerator<LiveEvent> {
  return liveStream(processHub(), person, topics, signal, again);
}
