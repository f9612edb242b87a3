import { Refused } from '@/core/errors';
import { verifyDelegation } from '@/protocol/statement/delegation';
import { jwkFromRaw } from '@/protocol/statement/keys';
import type { Peer } from '@/protocol/trpc';
import type { Issuer } from './issue';
import { inTransaction } from './store/database';
import { lockEnrolledKey, storeDelegation } from './store/delegations';
import { notifyNodes } from './store/notices';

/**
 * Takes a node's delegation in: a root, signed by the very key that is enrolled for the peer, to this agent's key, valid
 * now. Idempotent. Throws Refused NODE_NOT_ENROLLED, NOT_ALLOWED, and what `verifyDelegation` throws. `now`: epoch ms.
 */
export async function takeDelegation(issuer: Issuer, peer: Peer, text: string, now: number): Promise<void> {
  await inTransaction(issuer.pool, async (tx) => {
    const key = await lockEnrolledKey(tx, peer.urn, peer.jkt);
    if (!key) throw new Refused('NODE_NOT_ENROLLED', { node: peer.urn });
    const { claims } = verifyDelegation([text], {
      nodeUrn: peer.urn,
      nodeJwk: jwkFromRaw(key.x),
      incarnation: null, // a node that lost its journal says so by this very delegation
      now,
      revokedKeys: new Set(),
      granteeJkt: issuer.key.jkt,
    });
    await storeDelegation(tx, { agentId: issuer.agentId, nodeId: key.nodeId, claims, text });
    await notifyNodes(tx, [key.nodeId]);
  });
}
