import { jwkFromRaw } from '@/protocol/statement/keys';
import type { Issuer } from '../issue';
import { passOn } from '../pass-on';
import { inTransaction } from '../store/database';
import { type DueGrant, lockDueGrants, supersede } from '../store/grants';
import { notifyNodes } from '../store/notices';
import { auditPartner, noteProblem } from '../store/partners';

/**
 * Sees to it that each grant to a partner has a delegation that says what the operator means: signs new ones, renews them at half of
 * their life, and takes back those that a narrower or wider one replaces. What cannot be signed now (nothing is free, or the node has
 * delegated nothing) is tried again at a later look, and said of the partner.
 */
export async function keepGrants(issuer: Issuer, now: number): Promise<{ signed: number; refused: number }> {
  return await inTransaction(issuer.pool, async (tx) => {
    const due = await lockDueGrants(tx, issuer.agentId);
    const count = { signed: 0, refused: 0 };
    for (const partnerId of new Set(due.map((grant) => grant.partnerId))) {
      const grants = due.filter((grant) => grant.partnerId === partnerId);
      const [first] = grants;
      if (!first) continue;
      const grantee = { agentId: first.agentId, publicKey: jwkFromRaw(first.agentKey), urn: first.agentUrn };
      const { passed, refused } = await passOn(tx, issuer, grantee, grants.map(partOf), now);
      await supersede(
        tx,
        issuer.agentId,
        passed.map(({ id, nodeId, claims }) => ({ id, nodeId, line: claims.line ?? '' })),
      );
      if (passed.length > 0) {
        const facts = { nodes: passed.length, shareMilli: first.shareMilli, refused: refused.length };
        const { authority } = first;
        await auditPartner(tx, { actor: 'the agent', action: 'partner.passedOn', authority, facts });
        await notifyNodes(
          tx,
          passed.map((one) => one.nodeId),
        );
      }
      await noteProblem(tx, first.partnerId, refused[0]?.reason ?? null);
      count.signed += passed.length;
      count.refused += refused.length;
    }
    return count;
  });
}

function partOf({ node, shareMilli, degreeMilli, until, line }: DueGrant) {
  return { node, part: { shareMilli }, degreeMilli, until, ...(line !== null && { line }) };
}
