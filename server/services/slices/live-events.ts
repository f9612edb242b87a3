import type { LiveEvent, Topic } from '@/protocol/api/live';
import type { Db } from '@/server/db';
import { processHub } from '@/server/live/process-hub';
import { liveStream } from '@/server/live/stream';
import type { Person } from '@/server/services/policy';

/** A snapshot for each topic that `person` may see, then changes until `signal` aborts. */
export function liveEvents(
  _db: Db,
  person: Person,
  topics: readonly Topic[],
  signal: AbortSignal | undefined,
): AsyncGenerator<LiveEvent> {
  return liveStream(processHub(), person, topics, signal);
}
