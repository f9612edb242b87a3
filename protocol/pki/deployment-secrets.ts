import { z } from 'zod';
import { seal, unseal } from '../seal';
import { generateIdentityKey, type IdentityKey, identityKeyFromPem, identityKeyToPem } from '../statement/keys';
import { type Ca, createCa } from './certificate';

/** Where sealed secrets are kept: table SealedSecret. Each program brings its own way to the database. */
export type SecretStore = {
  read(name: string): Promise<Buffer | null>;
  /** Adds it unless one of that name is there (`ON CONFLICT DO NOTHING`). */
  add(name: string, sealed: Buffer): Promise<void>;
};

const CA = 'ca';
const SERVICE_MANAGER = 'service-manager';
const AUDIT = 'audit';
const StoredCa = z.object({ certificatePem: z.string(), privateKeyPem: z.string() });

/**
 * The deployment's CA; made by whichever of web, worker and agent needs it first. Safe to run at once in several: one row
 * wins, and all use that one. Throws Refused CONFIG_INVALID when the seal key is not the one it was sealed with.
 */
export async function loadOrMakeCa(
  store: SecretStore,
  sealKey: Buffer,
  options: { authority: string; now: Date },
): Promise<Ca> {
  const plain = await loadOrMake(store, sealKey, CA, async () => {
    const { certificatePem, key } = await createCa(options);
    return JSON.stringify({ certificatePem, privateKeyPem: identityKeyToPem(key) });
  });
  const stored = StoredCa.parse(JSON.parse(plain));
  return { certificatePem: stored.certificatePem, key: identityKeyFromPem(stored.privateKeyPem) };
}

/** The one service-manager key of the deployment. As `loadOrMakeCa`. */
export async function loadOrMakeServiceManagerKey(store: SecretStore, sealKey: Buffer): Promise<IdentityKey> {
  const pem = await loadOrMake(store, sealKey, SERVICE_MANAGER, async () => identityKeyToPem(generateIdentityKey()));
  return identityKeyFromPem(pem);
}

/** The key that seals the audit trail. As `loadOrMakeCa`. */
export async function loadOrMakeAuditKey(store: SecretStore, sealKey: Buffer): Promise<IdentityKey> {
  return identityKeyFromPem(
    await loadOrMake(store, sealKey, AUDIT, async () => identityKeyToPem(generateIdentityKey())),
  );
}

async function loadOrMake(
  store: SecretStore,
  sealKey: Buffer,
  name: string,
  make: () => Promise<string>,
): Promise<string> {
  const known = await store.read(name);
  if (known) return unseal(name, known, sealKey).toString('utf8');
  await store.add(name, seal(name, Buffer.from(await make()), sealKey));
  const kept = await store.read(name); // another's, when that one was first
  if (!kept) throw new Error(`the sealed secret ${name} is gone right after it was stored`);
  return unseal(name, kept, sealKey).toString('utf8');
}
