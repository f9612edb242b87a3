import type { Reason } from '@/core/errors';
import { verifyProof } from '@/protocol/proof/verify-proof';
import { type NodeManagerClient, orRefused } from '@/protocol/transport/client';
import { keepProof } from '@/server/data/deploy/proofs';
import type { DeployContext } from './context';

/** The node's own key, and the ticket that it refused. */
type About = { sliceId: string; jkt: string; ticketIss: string; ticketJti: string };

/**
 * Asks a node that had no room for a good ticket to prove it, checks the proof, and keeps it: whoever promised too much is named in it.
 * What comes of it changes nothing for the slice, which looks for another node anyway.
 */
export async function keepRefusalProof(
  ctx: DeployContext,
  node: NodeManagerClient,
  about: About,
  reason: Reason | undefined,
): Promise<void> {
  if (!reason || (reason.code !== 'NODE_FULL' && reason.code !== 'EXCEEDS_PARENT')) return;
  if (reason.facts.ticket !== about.ticketJti) return; // a node of an older version keeps none
  const { sliceId, jkt, ticketIss, ticketJti } = about;
  try {
    const { proof } = await orRefused(node.refusal.query({ iss: ticketIss, jti: ticketJti }, { signal: ctx.signal }));
    if (!proof) return;
    const { ticket, lines } = verifyProof(proof, jkt);
    if (ticket.iss !== ticketIss || ticket.jti !== ticketJti) return;
    const named = [...new Set(lines.flatMap((line) => (line.over ? [line.issuerUrn] : [])))];
    if (named.length > 0)
      ctx.log.warn({ slice: sliceId, ticket: ticketJti, named }, 'a ticket was promised that its issuer did not have');
    await keepProof(ctx.pool, {
      ticketIss,
      ticketJti,
      sliceId,
      text: JSON.stringify(proof),
      named: named.slice(0, 64),
    });
  } catch (err) {
    ctx.signal.throwIfAborted();
    ctx.log.warn({ err, slice: sliceId, ticket: ticketJti }, 'the proof of a refusal could not be kept');
  }
}
