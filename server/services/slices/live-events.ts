import type { LiveEvent, Topic } from '@/protocol/api/live';
import type { Db } from '@/server/db';
import type { Person } from '@/server/services/policy';

/** A snapshot for each topic that `person` may see, then changes until `signal` aborts. */
export async function* liveEvents(
  _db: Db,
  _person: Person,
  _topics: readonly Topic[],
  _signal: AbortSignal | undefined,
): AsyncGenerator<LiveEvent> {
  yield* [];
  throw new Error('liveEvents is not built yet');
}
