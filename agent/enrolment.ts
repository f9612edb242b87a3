import type { z } from 'zod';
import { Refused } from '@/core/errors';
import { type BootState, nextBootState } from '@/core/node/state';
import { SKEW_SECONDS } from '@/core/statement/bounds';
import type { EnrolInput, EnrolOutput, RenewInput } from '@/protocol/agent/schemas';
import { type Ca, certificateSpan, issueCertificate } from '@/protocol/pki/certificate';
import { checkProof, enrolmentChallenge, renewalChallenge } from '@/protocol/pki/challenge';
import { enrolmentSecretHash } from '@/protocol/pki/enrolment-token';
import { peerKind } from '@/protocol/pki/names';
import { thumbprint } from '@/protocol/statement/keys';
import type { PublicJwk } from '@/protocol/statement/schemas';
import { RELAYED } from '@/protocol/transport/relay';
import { inTransaction, type Pool, type Queryable } from './store/database';
import { recordCertificate } from './store/deployment';
import { auditEnrolment, burnToken, enrolKey, lockKey, lockToken, refreshNode } from './store/enrolment';
import { notifyNodes } from './store/notices';

/** What enrolment hands out of the deployment. */
export type Registrar = {
  pool: Pool;
  ca: Ca;
  agent: { urn: string; publicKey: PublicJwk; address: string };
  serviceManager: { urn: string; jkt: string };
};

type Enrolled = z.infer<typeof EnrolOutput>;

/**
 * Enrols a node's key against its one-time token, which is burnt in the transaction that writes key and certificate. The
 * same key again (its reply was lost) gets another certificate; another key is refused TOKEN_USED.
 */
export async function enrol(registrar: Registrar, input: z.infer<typeof EnrolInput>, now: Date): Promise<Enrolled> {
  if (!checkProof(enrolmentChallenge(input), input.proof, input.publicKey)) {
    throw new Refused('BAD_SIGNATURE', { kid: thumbprint(input.publicKey) });
  }
  const jkt = thumbprint(input.publicKey);
  return await inTransaction(registrar.pool, async (tx) => {
    const token = await lockToken(tx, enrolmentSecretHash(input.secret));
    if (!token) throw new Refused('TOKEN_INVALID', { problem: 'nobody knows it; a newer one may have replaced it' });
    if (token.nodeUrn !== input.node) throw new Refused('TOKEN_INVALID', { problem: 'it is for another node' });
    const enrolled = await lockKey(tx, jkt);
    if (enrolled && enrolled.nodeUrn !== input.node)
      throw new Refused('CONFLICT', { kind: 'key', id: jkt, problem: 'another node enrolled it' });
    if (enrolled?.revoked) throw new Refused('REVOKED', { kind: 'key', id: jkt });
    if (token.used && !enrolled) throw new Refused('TOKEN_USED');
    if (!token.used && token.expired) throw new Refused('TOKEN_INVALID', { problem: 'it has expired' });
    const bootState = booted(input.node, token.bootState);
    const { nodeId } = token;
    const address = dialled(registrar, input.address);
    await enrolKey(tx, {
      nodeId,
      jkt,
      publicKey: input.publicKey.x,
      incarnation: input.incarnation,
      address,
      bootState,
    });
    if (!token.used) {
      await burnToken(tx, token.id);
      await auditEnrolment(tx, { nodeId, nodeUrn: input.node, jkt, address });
    }
    await notifyNodes(tx, [nodeId]);
    return certify(tx, registrar, input.node, input.publicKey, now);
  });
}

/**
 * Another certificate for an enrolled key, by proof of that key; works also after the last one lapsed. Tells the node's
 * present address and incarnation. Throws Refused NODE_NOT_ENROLLED, REVOKED, BAD_SIGNATURE, EXPIRED, NOT_YET_VALID.
 */
export async function renew(registrar: Registrar, input: z.infer<typeof RenewInput>, now: Date): Promise<Enrolled> {
  const jkt = thumbprint(input.publicKey);
  if (!checkProof(renewalChallenge(input), input.proof, input.publicKey))
    throw new Refused('BAD_SIGNATURE', { kid: jkt });
  checkFresh(input.at, now);
  return await inTransaction(registrar.pool, async (tx) => {
    const enrolled = await lockKey(tx, jkt);
    if (enrolled?.nodeUrn !== input.urn) throw new Refused('NODE_NOT_ENROLLED', { node: input.urn });
    if (enrolled.revoked) throw new Refused('REVOKED', { kind: 'key', id: jkt });
    const { nodeId } = enrolled;
    await refreshNode(tx, {
      nodeId,
      jkt,
      incarnation: input.incarnation,
      address: dialled(registrar, input.address),
      bootState: booted(input.urn, enrolled.bootState),
    });
    return certify(tx, registrar, input.urn, input.publicKey, now);
  });
}

/** What callers dial: of a node that nobody can dial, this agent's own address. */
function dialled(registrar: Registrar, address: string): string {
  return address === RELAYED ? registrar.agent.address : address;
}

/** Told within 300 s of our clock, or Refused EXPIRED, NOT_YET_VALID. `at`: epoch seconds. */
export function checkFresh(at: number, now: Date): void {
  const seconds = Math.floor(now.getTime() / 1000);
  if (at < seconds - SKEW_SECONDS) {
    throw new Refused('EXPIRED', {
      expiredAt: new Date((at + SKEW_SECONDS) * 1000).toISOString(),
      now: now.toISOString(),
      skewSeconds: SKEW_SECONDS,
    });
  }
  if (at > seconds + SKEW_SECONDS) {
    throw new Refused('NOT_YET_VALID', {
      notBefore: new Date(at * 1000).toISOString(),
      now: now.toISOString(),
      skewSeconds: SKEW_SECONDS,
    });
  }
}

/** A node manager that speaks has booted; one that an operator disabled stays out. */
function booted(node: string, state: BootState): BootState {
  if (state === 'debug') return state; // still being looked at: it may talk, and takes nothing
  const next = nextBootState(state, 'enrol');
  if (!next) throw new Refused('NODE_NOT_BOOT', { node, bootState: state });
  return next;
}

async function certify(
  tx: Queryable,
  registrar: Registrar,
  urn: string,
  publicJwk: PublicJwk,
  now: Date,
): Promise<Enrolled> {
  // Whatever the register of nodes says: a name in a certificate is a right, and enrolment gives those of a node only.
  if (peerKind(urn) !== 'node') throw new Refused('INVALID_INPUT', { field: 'node', problem: 'not the URN of a node' });
  const issued = await issueCertificate({ ca: registrar.ca, publicJwk, urn, ...certificateSpan(now) });
  await recordCertificate(tx, issued, { urn, kind: 'node', jkt: thumbprint(publicJwk) });
  return {
    certificate: issued.pem,
    ca: registrar.ca.certificatePem,
    notAfter: issued.notAfter.toISOString(),
    agent: registrar.agent,
    serviceManager: registrar.serviceManager,
  };
}
