import { z } from 'zod';
import { caFingerprint } from '@/protocol/pki/certificate';
import { loadOrMakeCa, type SecretStore } from '@/protocol/pki/deployment-secrets';
import { parseSealKey } from '@/protocol/seal';
import { addSealedSecret, sealedSecret } from '@/server/data/fleet-secrets';
import type { Tx } from '@/server/db';
import { DatabaseEnvironment, parseEnvironment, WebEnvironment } from '@/server/env';
import type { EnrolmentAuthority } from './enrolment';

const Environment = z.object({
  MERIDIAN_AUTHORITY: DatabaseEnvironment.shape.MERIDIAN_AUTHORITY,
  MERIDIAN_AGENT_ADDRESS: WebEnvironment.shape.MERIDIAN_AGENT_ADDRESS,
  MERIDIAN_SEAL_KEY: z.string({ error: 'is missing: set it to 32 bytes as base64url' }),
});

/**
 * The agent's address and the CA's fingerprint that enrolment tokens pin. Makes the CA when nobody needed it before: a
 * demo is seeded before the agent first starts. @throws Refused CONFIG_INVALID
 */
export async function enrolmentAuthority(db: Tx): Promise<EnrolmentAuthority> {
  const environment = parseEnvironment(Environment);
  const store: SecretStore = {
    read: (name) => sealedSecret(db, name),
    add: (name, sealed) => addSealedSecret(db, name, sealed),
  };
  const options = { authority: environment.MERIDIAN_AUTHORITY, now: new Date() };
  const ca = await loadOrMakeCa(store, parseSealKey(environment.MERIDIAN_SEAL_KEY), options);
  return { agentAddress: environment.MERIDIAN_AGENT_ADDRESS, caFingerprint: caFingerprint(ca.certificatePem) };
}
