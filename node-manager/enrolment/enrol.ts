import { enrolmentChallenge, proveChallenge, renewalChallenge } from '@/protocol/pki/challenge';
import type { EnrolmentToken } from '@/protocol/pki/enrolment-token';
import type { IdentityKey } from '@/protocol/statement/keys';
import { anonymousAgentClient, orRefused } from '@/protocol/transport/client';
import { type Enrolment, enrolmentFrom, pinOf } from './enrolment';

type Who = { key: IdentityKey; address: string; incarnation: string };

/**
 * Enrols with a one-time token, over TLS to the CA that the token pins. Throws Refused TOKEN_INVALID, TOKEN_USED,
 * AGENT_UNREACHABLE. Should the answer be lost, the agent takes the same key's proof with the same token again.
 */
export async function enrol(token: EnrolmentToken, who: Who): Promise<Enrolment> {
  const { client, close } = anonymousAgentClient(token.agent, token.ca);
  try {
    const facts = {
      node: token.node,
      secret: token.secret,
      publicKey: who.key.jwk,
      address: who.address,
      incarnation: who.incarnation,
    };
    const proof = proveChallenge(enrolmentChallenge(facts), who.key.privateKey);
    return enrolmentFrom(
      token.node,
      who.address,
      who.incarnation,
      await orRefused(client.enrol.mutate({ ...facts, proof })),
    );
  } finally {
    close().catch(() => {});
  }
}

/** A new certificate by proof of the enrolled key: also when the old one lapsed while the machine was off. */
export async function renewCertificate(enrolment: Enrolment, who: Who, now: number): Promise<Enrolment> {
  const { client, close } = anonymousAgentClient(enrolment.agent.address, pinOf(enrolment));
  try {
    const facts = {
      urn: enrolment.node,
      publicKey: who.key.jwk,
      address: who.address,
      incarnation: who.incarnation,
      at: Math.floor(now / 1000),
    };
    const proof = proveChallenge(renewalChallenge(facts), who.key.privateKey);
    return enrolmentFrom(
      enrolment.node,
      who.address,
      who.incarnation,
      await orRefused(client.renewCertificate.mutate({ ...facts, proof })),
    );
  } finally {
    close().catch(() => {});
  }
}
