import { type Reason, Refused } from '@/core/errors';
import { caFingerprint } from '@/protocol/pki/certificate';
import { joinChallenge, proveChallenge } from '@/protocol/pki/challenge';
import { agentUrn, serviceManagerUrn } from '@/protocol/pki/names';
import { decodePartnerToken, type PartnerToken } from '@/protocol/pki/partner-token';
import { unseal } from '@/protocol/seal';
import { type IdentityKey, thumbprint } from '@/protocol/statement/keys';
import { anonymousAgentClient } from '@/protocol/transport/client';
import { refusedFrom } from '@/protocol/trpc';
import { inTransaction, type Pool } from '../store/database';
import { auditPartner, joiningHosts, keepPartnerAgent, markHost, noteProblem } from '../store/partners';

/** Who we are as a guest of others. */
export type Guest = {
  pool: Pool;
  sealKey: Buffer;
  authority: string;
  /** The agent's key and how it is dialled. */
  key: IdentityKey;
  address: string;
  manager: IdentityKey;
};

const JOIN_ANSWER_MS = 10_000;

/** Joins each host whose token an operator pasted. What may go better later is tried at the next look; the rest is refused for good, with why. */
export async function joinHosts(guest: Guest): Promise<void> {
  for (const host of await joiningHosts(guest.pool)) {
    try {
      const text = unseal(`partner:${host.id}`, host.sealed, guest.sealKey).toString('utf8');
      await joinHost(guest, host, decodePartnerToken(text));
    } catch (err) {
      const refused = refusedFrom(err);
      if (!refused) throw err;
      await noteProblem(guest.pool, host.id, refused.reason, !isPassing(refused.reason));
    }
  }
}

function isPassing({ code }: Reason): boolean {
  return code === 'AGENT_UNREACHABLE' || code === 'RATE_LIMITED';
}

async function joinHost(guest: Guest, host: { id: string; authority: string }, token: PartnerToken): Promise<void> {
  const facts = {
    secret: token.secret,
    authority: guest.authority,
    agent: { urn: agentUrn(guest.authority), publicKey: guest.key.jwk, address: guest.address },
    manager: { urn: serviceManagerUrn(guest.authority), publicKey: guest.manager.jwk },
  };
  const challenge = joinChallenge(facts);
  const { client, close } = anonymousAgentClient(token.agent, token.ca, { answerMs: JOIN_ANSWER_MS });
  const answer = await client.joinPartner
    .mutate({
      ...facts,
      agentProof: proveChallenge(challenge, guest.key.privateKey),
      managerProof: proveChallenge(challenge, guest.manager.privateKey),
    })
    .finally(close);
  if (answer.authority !== host.authority || answer.agent.urn !== agentUrn(host.authority))
    throw new Refused('TOKEN_INVALID', { problem: `${answer.authority} answered in place of ${host.authority}` });
  if (caFingerprint(answer.ca) !== token.ca) throw new Refused('TOKEN_INVALID', { problem: 'its CA is another one' });
  await inTransaction(guest.pool, async (tx) => {
    // Where the token said, not where the host says: that is the address that was seen to work.
    const joined = await markHost(tx, { id: host.id, agentAddress: token.agent, caPem: answer.ca });
    if (!joined) return;
    const { urn, publicKey } = answer.agent;
    const row = { partnerId: host.id, urn, publicKey: publicKey.x, jkt: thumbprint(publicKey), address: token.agent };
    if (!(await keepPartnerAgent(tx, row)))
      throw new Refused('CONFLICT', { kind: 'agent', id: urn, problem: 'another agent is called so here' });
    const { authority } = host;
    await auditPartner(tx, { actor: urn, action: 'partner.host', authority, facts: { agent: row.jkt, ca: token.ca } });
  });
}
