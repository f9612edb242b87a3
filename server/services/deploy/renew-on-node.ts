import { Refused } from '@/core/errors';
import { orRefused } from '@/protocol/transport/client';
import { refusedFrom } from '@/protocol/trpc';
import type { Renewal, RenewalSliver, RenewedSliver, Successor } from '@/server/data/deploy/renewal';
import type { DeployContext } from './context';
import { keepRefusalProof } from './keep-proof';
import { leaseOf, reasonOf } from './sliver-saga';

/**
 * Takes a sliver's renewal ticket to its node. Of several that were issued (an answer was lost) the node has taken at most one, and
 * says so again when it is asked with that one: so each is tried, the newest first. @throws Refused the node's no to the newest
 */
export async function renewOnNode(
  ctx: DeployContext,
  renewal: Renewal,
  v: RenewalSliver,
  tickets: readonly Successor[],
): Promise<Omit<RenewedSliver, 'attempt' | 'startedAt'>> {
  if (!v.address || !v.jkt) throw new Refused('NODE_NOT_ENROLLED', { node: v.hostname });
  const node = ctx.callers.node({ address: v.address, urn: v.nodeUrn, jkt: v.jkt });
  let first: unknown;
  for (const { iss, jti, text } of tickets) {
    try {
      const answer = await orRefused(node.renew.mutate({ ticket: text }, { signal: ctx.signal }));
      const expected = {
        nodeUrn: v.nodeUrn,
        publicKey: v.publicKey,
        sliceUrn: renewal.urn,
        ticketIss: iss,
        ticketJti: jti,
      };
      const lease = leaseOf(expected, answer.lease);
      if (lease.jti !== v.leaseJti || lease.endsAt < renewal.leaseEnd)
        throw new Refused('STATEMENT_MALFORMED', { problem: 'the lease is not the one that was to be renewed' });
      const { state, reason } = answer.sliver;
      return {
        sliceId: renewal.sliceId,
        sliverId: v.id,
        fromIss: v.ticketIss ?? iss,
        from: v.ticketJti ?? '',
        iss,
        to: jti,
        lease,
        reported: state,
        reason: reason && reasonOf(reason),
        endedAt: new Date(),
      };
    } catch (err) {
      first ??= err;
      const about = { sliceId: renewal.sliceId, jkt: v.jkt, ticketIss: iss, ticketJti: jti };
      await keepRefusalProof(ctx, node, about, refusedFrom(err)?.reason);
      if (refusedFrom(err)?.code === 'NODE_UNREACHABLE') break;
    }
  }
  throw first;
}
