import { Refused } from '@/core/errors';
import { parseUrn } from '@/core/identity/urn';
import type { GrantedNode, GrantedOutput } from '@/protocol/agent/partners';
import { verifyDelegation } from '@/protocol/statement/delegation';
import { thumbprint } from '@/protocol/statement/keys';
import type { Issuer } from '../issue';
import { inTransaction, type Transaction } from '../store/database';
import { storeDelegation } from '../store/delegations';
import {
  type HostRow,
  keepHostNode,
  keepWord,
  loseNodes,
  onlyDelegations,
  othersOf,
  stillSo,
} from '../store/host-nodes';
import { notifyNodes, notifySlivers } from '../store/notices';
import { keepPartnerAgent } from '../store/partners';

/** A node that the partner named and that could not be taken, with why. */
export type LeftOut = { urn: string; why: string };

/**
 * Takes in what a partner says that we may use: nodes with their keys, since the partner answers for these, and the chains to
 * our agent, which are verified from them. What it says no more is ours no more. Idempotent. Gives what could not be taken.
 */
export async function takeGranted(issuer: Issuer, host: HostRow, said: GrantedOutput, now: number): Promise<LeftOut[]> {
  return await inTransaction(issuer.pool, async (tx) => {
    const leftOut: LeftOut[] = [];
    const changed: string[] = [];
    const taken = new Set<string>();
    for (const node of said.nodes) {
      try {
        changed.push(await takeNode(tx, issuer, host, node, now));
        taken.add(node.urn);
      } catch (err) {
        if (!(err instanceof Refused)) throw err;
        leftOut.push({ urn: node.urn, why: err.message });
      }
    }
    const silent = said.full ? await othersOf(tx, host.id, [...taken]) : [];
    const told = new Map(said.gone.map((one) => [one.urn, one]));
    const refused = leftOut.map(({ urn }) => ({ urn, at: said.at, why: null, endLeases: false }));
    const gone = new Map([...refused, ...silent, ...told.values()].map((one) => [one.urn, one]));
    const lost = await loseNodes(tx, host, [...gone.values()]);
    await stillSo(tx, host.id);
    await notifyNodes(tx, [...changed, ...lost.nodes]);
    await notifySlivers(tx, lost.slivers);
    return leftOut;
  });
}

async function takeNode(
  tx: Transaction,
  issuer: Issuer,
  host: HostRow,
  node: GrantedNode,
  now: number,
): Promise<string> {
  // What bears our own authority's name is ours to enrol; nobody else answers for its key.
  if (parseUrn(node.urn)?.authority === issuer.authority)
    throw new Refused('CONFLICT', { kind: 'node', id: node.urn, problem: 'it bears this deployment’s own name' });
  const { chain } = verifyDelegation(node.chain, {
    nodeUrn: node.urn,
    nodeJwk: node.publicKey,
    incarnation: node.incarnation,
    now,
    revokedKeys: new Set(),
    granteeJkt: issuer.key.jkt,
  });
  const nodeId = await keepHostNode(tx, host, node);
  if (!nodeId)
    throw new Refused('CONFLICT', { kind: 'node', id: node.urn, problem: 'the name or the key is taken here' });
  await keepWord(tx, nodeId, node);
  const kept: string[] = [];
  let above: { issuerId: string; parentId: string } | undefined;
  for (const { claims, text } of chain) {
    const agentId = thumbprint(claims.grantee) === issuer.key.jkt ? issuer.agentId : await granteeOf(tx, host, claims);
    const id = await storeDelegation(tx, { agentId, nodeId, claims, text, ...(above && { passedOn: above }) });
    kept.push(id);
    above = { issuerId: agentId, parentId: id };
  }
  await onlyDelegations(tx, nodeId, kept);
  return nodeId;
}

/** The agent that a link is to: the partner's, or another of the partner's own. */
async function granteeOf(
  tx: Transaction,
  host: HostRow,
  { grantee, granteeUrn }: { grantee: GrantedNode['publicKey']; granteeUrn: string },
): Promise<string> {
  const jkt = thumbprint(grantee);
  if (jkt === host.agentJkt) return host.agentId;
  if (!granteeUrn.startsWith(`urn:publicid:IDN+${host.authority}+authority+am.`))
    throw new Refused('NOT_ALLOWED', { permission: `agent of ${host.authority}` });
  const agent = { partnerId: host.id, urn: granteeUrn, jkt, publicKey: grantee.x, address: host.agentAddress };
  const id = await keepPartnerAgent(tx, agent);
  if (!id) throw new Refused('CONFLICT', { kind: 'agent', id: granteeUrn, problem: 'another agent is called so here' });
  return id;
}
