import { Refused } from '@/core/errors';
import { verifyDelegation } from '@/protocol/statement/delegation';
import { jwkFromRaw, thumbprint } from '@/protocol/statement/keys';
import type { Peer } from '@/protocol/trpc';
import type { Issuer } from './issue';
import { agentsInForce } from './store/agents';
import { inTransaction } from './store/database';
import { lockEnrolledKey, storeDelegation } from './store/delegations';
import { noteIncarnation } from './store/incarnation';
import { notifyNodes } from './store/notices';
import { delegationHeldBack } from './store/revocations';

/**
 * Takes a node's delegation in: a root, signed by the very key that is enrolled for the peer, to the key of an agent of this
 * deployment that is in force, valid now. Idempotent; false, and nothing is kept, when an operator took back what the node delegated to that agent. Throws Refused NODE_NOT_ENROLLED, NOT_ALLOWED, WRONG_HOLDER, and what
 * `verifyDelegation` throws. `now`: epoch ms.
 */
export async function takeDelegation(issuer: Issuer, peer: Peer, text: string, now: number): Promise<boolean> {
  return await inTransaction(issuer.pool, async (tx) => {
    const key = await lockEnrolledKey(tx, peer.urn, peer.jkt);
    if (!key) throw new Refused('NODE_NOT_ENROLLED', { node: peer.urn });
    const { claims } = verifyDelegation([text], {
      nodeUrn: peer.urn,
      nodeJwk: jwkFromRaw(key.x),
      incarnation: null, // a node that lost its journal says so by this very delegation
      now,
      revokedKeys: new Set(),
    });
    const grantee = thumbprint(claims.grantee);
    const agent = (await agentsInForce(tx)).find((one) => one.jkt === grantee);
    if (!agent) throw new Refused('WRONG_HOLDER', { expected: issuer.key.jkt, got: grantee });
    if (await delegationHeldBack(tx, key.nodeId, peer.jkt, agent.id)) {
      await noteIncarnation(tx, { nodeId: key.nodeId, jkt: peer.jkt, incarnation: claims.incarnation });
      return false;
    }
    await storeDelegation(tx, { agentId: agent.id, nodeId: key.nodeId, claims, text });
    await notifyNodes(tx, [key.nodeId]);
    return true;
  });
}
