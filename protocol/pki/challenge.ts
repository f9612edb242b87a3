import { createHash, type KeyObject, sign, verify } from 'node:crypto';
import { publicKeyFromJwk } from '../statement/keys';
import type { PublicJwk } from '../statement/schemas';

/**
 * What an identity key signs to prove itself at enrolment and at renewal. Each text begins with a label of its own, so
 * that neither can stand for the other nor for a signed statement (whose signing input never holds a bracket).
 */
export type EnrolmentFacts = {
  node: string;
  secret: string;
  publicKey: PublicJwk;
  address: string;
  incarnation: string;
};
export type RenewalFacts = { urn: string; publicKey: PublicJwk; address: string; incarnation: string; at: number };

/** The secret is hashed: what is signed may be logged or kept without giving the token away. */
export function enrolmentChallenge(f: EnrolmentFacts): Buffer {
  const secret = createHash('sha256').update(f.secret).digest('hex');
  return text('meridian-enrol-v1', [f.node, secret, f.publicKey.x, f.address, f.incarnation]);
}

/** `at` in epoch seconds bounds how long an overheard renewal may be repeated (it would give a certificate for the same key only). */
export function renewalChallenge(f: RenewalFacts): Buffer {
  return text('meridian-renew-v1', [f.urn, f.publicKey.x, f.address, f.incarnation, String(f.at)]);
}

export type JoinFacts = {
  secret: string;
  authority: string;
  agent: { urn: string; publicKey: PublicJwk; address: string };
  manager: { urn: string; publicKey: PublicJwk };
};

/** What both keys of a deployment sign that joins another as a partner: neither can be put beside a key of somebody else. */
export function joinChallenge({ secret, authority, agent, manager }: JoinFacts): Buffer {
  const hash = createHash('sha256').update(secret).digest('hex');
  return text('meridian-join-v1', [
    authority,
    hash,
    agent.urn,
    agent.publicKey.x,
    agent.address,
    manager.urn,
    manager.publicKey.x,
  ]);
}

/** As `renewalChallenge`, for a partner's certificate. */
export function partnerChallenge(f: { urn: string; publicKey: PublicJwk; at: number }): Buffer {
  return text('meridian-partner-v1', [f.urn, f.publicKey.x, String(f.at)]);
}

/** For a certificate of a person's own service manager; `at` in epoch seconds bounds it as for a node. */
export function principalChallenge(f: { urn: string; publicKey: PublicJwk; at: number }): Buffer {
  return text('meridian-principal-v1', [f.urn, f.publicKey.x, String(f.at)]);
}

/** To register a key: whoever signs in with a token or a session and sends this owns the key too. */
export function registrationChallenge(f: { urn: string; publicKey: PublicJwk; at: number }): Buffer {
  return text('meridian-register-v1', [f.urn, f.publicKey.x, String(f.at)]);
}

/** Signs a challenge with the identity key: base64url, 86 characters. */
export function proveChallenge(challenge: Buffer, privateKey: KeyObject): string {
  return sign(null, challenge, privateKey).toString('base64url');
}

/** Was the challenge signed by that key? False for a malformed proof; throws Refused STATEMENT_MALFORMED for a key that nobody can own. */
export function checkProof(challenge: Buffer, proof: string, publicKey: PublicJwk): boolean {
  const signature = Buffer.from(proof, 'base64url');
  if (signature.length !== 64 || signature.toString('base64url') !== proof) return false;
  return verify(null, challenge, publicKeyFromJwk(publicKey), signature);
}

function text(label: string, fields: string[]): Buffer {
  return Buffer.from(JSON.stringify([label, ...fields]));
}
