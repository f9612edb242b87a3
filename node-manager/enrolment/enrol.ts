import { enrolmentChallenge, proveChallenge, renewalChallenge } from '@/protocol/pki/challenge';
import type { EnrolmentToken } from '@/protocol/pki/enrolment-token';
import type { IdentityKey } from '@/protocol/statement/keys';
import { anonymousAgentClient, orRefused } from '@/protocol/transport/client';
import { type Enrolment, enrolmentFrom, pinOf } from './enrolment';

type AnonymousAgent = ReturnType<typeof anonymousAgentClient>;
const shared = new Map<string, AnonymousAgent & { users: number }>();

/**
 * Calls an agent without a certificate, pinned by its CA. Nodes of one process that enrol at the same time share the connections: who asks
 * is proved by each call's own signature, and a handshake costs more than all the rest.
 */
async function asAnyone<T>(
  address: string,
  ca: string,
  call: (client: AnonymousAgent['client']) => Promise<T>,
): Promise<T> {
  const key = `${address} ${ca}`;
  const agent = shared.get(key) ?? { ...anonymousAgentClient(address, ca), users: 0 };
  shared.set(key, agent);
  agent.users += 1;
  try {
    return await orRefused(call(agent.client));
  } finally {
    agent.users -= 1;
    if (agent.users === 0) {
      shared.delete(key);
      agent.close().catch(() => {});
    }
  }
}

type Who = { key: IdentityKey; address: string; incarnation: string };

/**
 * Enrols with a one-time token, over TLS to the CA that the token pins. Throws Refused TOKEN_INVALID, TOKEN_USED,
 * AGENT_UNREACHABLE. Should the answer be lost, the agent takes the same key's proof with the same token again.
 */
export async function enrol(token: EnrolmentToken, who: Who): Promise<Enrolment> {
  const facts = {
    node: token.node,
    secret: token.secret,
    publicKey: who.key.jwk,
    address: who.address,
    incarnation: who.incarnation,
  };
  const proof = proveChallenge(enrolmentChallenge(facts), who.key.privateKey);
  const answer = await asAnyone(token.agent, token.ca, (client) => client.enrol.mutate({ ...facts, proof }));
  return enrolmentFrom(token.node, who.address, who.incarnation, answer);
}

/**
 * A new certificate by proof of the enrolled key: also when the old one lapsed while the machine was off. Any agent of the deployment
 * gives one, and the one that did is whom the node calls from then on.
 */
export async function renewCertificate(
  enrolment: Enrolment,
  who: Who,
  now: number,
  agent: Enrolment['agent'] = enrolment.agent,
): Promise<Enrolment> {
  const facts = {
    urn: enrolment.node,
    publicKey: who.key.jwk,
    address: who.address,
    incarnation: who.incarnation,
    at: Math.floor(now / 1000),
  };
  const proof = proveChallenge(renewalChallenge(facts), who.key.privateKey);
  const answer = await asAnyone(agent.address, pinOf(enrolment), (client) =>
    client.renewCertificate.mutate({ ...facts, proof }),
  );
  return { ...enrolmentFrom(enrolment.node, who.address, who.incarnation, answer), agents: enrolment.agents };
}
