import type { IssuedCertificate } from '@/protocol/pki/certificate';
import type { SecretStore } from '@/protocol/pki/deployment-secrets';
import type { Queryable } from './pool';

/** Table SealedSecret, as the deployment's secrets are kept and made in. */
export function secretStore(db: Queryable): SecretStore {
  return {
    async read(name) {
      const { rows } = await db.query<{ sealed: Buffer }>('SELECT sealed FROM "SealedSecret" WHERE name = $1', [name]);
      return rows[0]?.sealed ?? null;
    },
    async add(name, sealed) {
      await db.query('INSERT INTO "SealedSecret" (name, sealed) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING', [
        name,
        sealed,
      ]);
    },
  };
}

/** Keeps note of a certificate that the service manager issued to itself. */
export async function recordOwnCertificate(
  db: Queryable,
  issued: IssuedCertificate,
  holder: { urn: string; jkt: string },
): Promise<void> {
  await db.query(
    `INSERT INTO "Certificate" (serial, subject, kind, jkt, "notBefore", "notAfter") VALUES ($1, $2, 'service_manager', $3, $4, $5)`,
    [issued.serial, holder.urn, holder.jkt, issued.notBefore, issued.notAfter],
  );
}
