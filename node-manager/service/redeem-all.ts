import { Refused } from '@/core/errors';
import type { NodeManagerService } from '@/protocol/node-manager/router';

/** Each ticket is redeemed as by itself, in its turn; one that is refused holds up no other. Durable, all of them, when it answers. */
export function redeemAllService(redeem: NodeManagerService['redeem']): Pick<NodeManagerService, 'redeemAll'> {
  return {
    async redeemAll(peer, { tickets }) {
      const results = await Promise.all(
        tickets.map((ticket) =>
          redeem(peer, { ticket }).then(
            (redeemed) => ({ redeemed }),
            (err: unknown) => {
              if (err instanceof Refused) return { refused: err.reason };
              throw err;
            },
          ),
        ),
      );
      return { results };
    },
  };
}
