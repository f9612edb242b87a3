import { Refused } from '@/core/errors';
import { add, NOTHING } from '@/core/resources/vector';
import { chooseGiven } from '@/core/trust/choose-given';
import { shareOf } from '@/core/trust/pass-on';
import type { GrantInput, GrantPreview } from '@/protocol/api/partners';
import { agentUrn } from '@/protocol/pki/names';
import { type GrantCandidate, grantCandidates } from '@/server/data/partner-grants';
import { lockPartner } from '@/server/data/partners';
import type { Tx } from '@/server/db';
import { ownAuthority } from './here';

const DAY_MS = 86_400_000;
/** As many as one partner may have, and one call may name. */
const MAX_NODES = 2_000;

export type GrantPlan = {
  partner: { id: string; authority: string };
  nodes: GrantCandidate[];
  removed: GrantCandidate[];
  until: Date;
  preview: GrantPreview;
};

/**
 * What a grant comes to: it says all that the partner has from then on, so that what is not in it is taken back. The partner's row is
 * locked. @throws Refused NOT_FOUND, WRONG_STATE, NOT_ENOUGH_NODES, TOO_LARGE
 */
export async function planGrant(tx: Tx, input: GrantInput, now: Date): Promise<GrantPlan> {
  const partner = await lockPartner(tx, input.authority);
  if (!partner) throw new Refused('NOT_FOUND', { kind: 'partner', id: input.authority });
  if (partner.state !== 'active' || !partner.takes)
    throw new Refused('WRONG_STATE', {
      kind: 'partner',
      id: input.authority,
      state: partner.state === 'active' ? 'one that gives, and has not joined us' : partner.state,
      needs: 'joined by our token',
    });
  const all = await grantCandidates(tx, partner, agentUrn(ownAuthority()), input.nodes);
  const matching = all.filter((node) => node.matches);
  const nodes = chooseGiven(
    matching.filter((node) => node.rights !== null || node.given),
    input.count,
  );
  if (nodes.length === 0) throw new Refused('NOT_ENOUGH_NODES', { wants: input.count ?? 1, matching: 0 });
  if (nodes.length > MAX_NODES) throw new Refused('TOO_LARGE', { field: 'the number of nodes', max: MAX_NODES });
  const chosen = new Set(nodes.map((node) => node.id));
  const removed = all.filter((node) => node.given && !chosen.has(node.id));
  const until = new Date(now.getTime() + input.days * DAY_MS);
  const slivers = (some: readonly GrantCandidate[]) => some.reduce((sum, node) => sum + node.slivers, 0);
  return {
    partner,
    nodes,
    removed,
    until,
    preview: {
      nodes: nodes.length,
      added: nodes.filter((node) => !node.given).length,
      kept: nodes.filter((node) => node.given).length,
      removed: removed.length,
      sites: new Set(nodes.map((node) => node.siteId)).size,
      countries: new Set(nodes.flatMap((node) => node.country ?? [])).size,
      sum: nodes.reduce((sum, { rights }) => (rights ? add(sum, shareOf(rights, input.shareMilli)) : sum), NOTHING),
      unready: matching.filter((node) => node.rights === null).length,
      sliversRemoved: slivers(removed),
      sliversKept: slivers(nodes),
      until,
    },
  };
}
