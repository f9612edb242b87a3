import { LiveInput } from '@/protocol/api/live';
import { liveEvents } from '@/server/services/slices/live-events';
import { permitted, router } from '../init';

export const liveRouter = router({
  /** One stream per browser: a snapshot for each topic, then changes. The service asks the policy for each topic. */
  events: permitted('self')
    .input(LiveInput)
    .subscription(({ ctx, input, signal }) => liveEvents(ctx.person, ctx.again, input.topics, signal)),
});
