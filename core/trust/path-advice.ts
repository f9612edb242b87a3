import type { Reason } from '../errors';
import { factsReader } from '../refusal-facts';

/**
 * What would have to change for "no" to become "yes": one sentence for whoever asked "may key K issue N on node X?". `link`: from whom to
 * whom the first broken link is, in names; null where no path leads to the key.
 */
export function adviceFor(
  reason: Readonly<{ code: string; facts: Reason['facts'] }>,
  link: { from: string; to: string } | null,
): string {
  const { from = 'the node', to = 'the agent' } = link ?? {};
  const facts = factsReader(reason.facts);
  switch (reason.code) {
    case 'NOT_DELEGATED':
      return 'The node, or an agent that it trusts, would have to delegate part of it to this key.';
    case 'NODE_NOT_ENROLLED':
      return 'The node would have to be enrolled first: until then it has no key with which it could delegate anything.';
    case 'DELEGATION_SPENT':
      return `Ask for fewer or smaller slivers, wait until tickets or leases under this link end, or have ${from} give ${to} more${facts.has('degreeMilli') && reason.facts.degreeMilli === 1000 ? ', or let it oversubscribe' : ''}.`;
    case 'EXCEEDS_PARENT':
      return String(reason.facts.what ?? '').includes('term')
        ? `Ask for a term inside the link’s, or have ${from} delegate to ${to} for longer.`
        : `Ask for smaller slivers, or have ${from} delegate more to ${to}.`;
    case 'EXPIRED':
      return `${from} would have to delegate to ${to} again; nodes renew what they delegate by themselves while they are online.`;
    case 'NOT_YET_VALID':
      return 'Wait until the link begins, or set the clocks right.';
    case 'REVOKED':
      return `It was taken back. ${from} would have to delegate to ${to} anew, once an operator lets it.`;
    case 'WRONG_INCARNATION':
    case 'UNKNOWN_ISSUER':
      return `The link is from before the node began anew. The node delegates again with its next heartbeat; what agents passed on has to be passed on again.`;
    case 'LEASE_OVER':
      return 'Ask for a term that ends in the future.';
    default:
      return `${from} would have to delegate to ${to} anew.`;
  }
}
