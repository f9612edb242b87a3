import type { z } from 'zod';
import { Refused } from '@/core/errors';
import type { CertifyPrincipalInput, CertifyPrincipalOutput } from '@/protocol/agent/principals';
import { certificateSpan, issueCertificate } from '@/protocol/pki/certificate';
import { checkProof, principalChallenge } from '@/protocol/pki/challenge';
import { peerKind } from '@/protocol/pki/names';
import { thumbprint } from '@/protocol/statement/keys';
import { checkFresh, type Registrar } from '../enrolment';
import { inTransaction } from '../store/database';
import { recordCertificate } from '../store/deployment';
import { noteUse, readPrincipal } from '../store/principals';
import { demandCounts } from './demand';

/** How long a certificate of a person's own service manager holds: shorter than a node's, since people leave. */
const SECONDS = 3_600;

/**
 * A certificate for a person's registered key, by proof of it; only while it is approved, not taken back, and the person enabled.
 * Throws Refused BAD_SIGNATURE, EXPIRED, NOT_YET_VALID, NOT_FOUND, WRONG_STATE (not approved yet), REVOKED.
 */
export async function certifyPrincipal(
  registrar: Registrar,
  input: z.infer<typeof CertifyPrincipalInput>,
  now: Date,
): Promise<z.infer<typeof CertifyPrincipalOutput>> {
  const jkt = thumbprint(input.publicKey);
  if (!checkProof(principalChallenge(input), input.proof, input.publicKey))
    throw new Refused('BAD_SIGNATURE', { kid: jkt });
  checkFresh(input.at, now);
  // Whatever the register of people says: a name in a certificate is a right, and this gives those of people only.
  if (peerKind(input.urn) !== 'principal')
    throw new Refused('INVALID_INPUT', { field: 'urn', problem: 'not the URN of a person' });
  return await inTransaction(registrar.pool, async (tx) => {
    const { id } = demandCounts(await readPrincipal(tx, jkt), { jkt, urn: input.urn });
    const span = { ...certificateSpan(now), notAfter: new Date(now.getTime() + SECONDS * 1000) };
    const issued = await issueCertificate({ ca: registrar.ca, publicJwk: input.publicKey, urn: input.urn, ...span });
    await recordCertificate(tx, issued, { urn: input.urn, kind: 'principal', jkt });
    await noteUse(tx, id);
    return {
      certificate: issued.pem,
      ca: registrar.ca.certificatePem,
      notAfter: issued.notAfter.toISOString(),
      agent: registrar.agent,
    };
  });
}
