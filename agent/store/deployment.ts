import type { RefusalFacts } from '@/core/errors';
import type { IssuedCertificate } from '@/protocol/pki/certificate';
import type { SecretStore } from '@/protocol/pki/deployment-secrets';
import type { Queryable } from './database';

/** Table SealedSecret. */
export function secretStore(db: Queryable): SecretStore {
  return {
    async read(name) {
      const { rows } = await db.query<{ sealed: Buffer }>(`SELECT sealed FROM "SealedSecret" WHERE name = $1`, [name]);
      return rows[0]?.sealed ?? null;
    },
    async add(name, sealed) {
      await db.query(`INSERT INTO "SealedSecret" (name, sealed) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`, [
        name,
        sealed,
      ]);
    },
  };
}

/** Records a certificate that was issued. */
export async function recordCertificate(
  db: Queryable,
  issued: IssuedCertificate,
  holder: {
    urn: string;
    kind: 'node' | 'agent' | 'service_manager' | 'partner_agent' | 'partner_manager' | 'principal';
    jkt: string;
  },
): Promise<void> {
  await db.query(
    `INSERT INTO "Certificate" (serial, subject, kind, jkt, "notBefore", "notAfter") VALUES ($1, $2, $3, $4, $5, $6)`,
    [issued.serial, holder.urn, holder.kind, holder.jkt, issued.notBefore, issued.notAfter],
  );
}

/**
 * Which of these keys or certificates no longer count: keys' thumbprints and certificates' serials, and where somebody took a key back, what
 * its holder should know of that.
 */
export async function revokedAmong(
  db: Queryable,
  jkts: readonly string[],
  serials: readonly string[],
): Promise<Map<string, RefusalFacts>> {
  const { rows } = await db.query<{ id: string; facts: RefusalFacts }>({
    name: 'revoked-among',
    text: `SELECT jkt AS id, '{}'::json AS facts FROM "NodeKey" WHERE jkt = ANY($1::text[]) AND "revokedAt" IS NOT NULL
           UNION ALL SELECT serial, '{}' FROM "Certificate" WHERE serial = ANY($2::text[]) AND "revokedAt" IS NOT NULL
           UNION ALL SELECT jkt, json_build_object('endLeases', "endLeases", 'why', reason, 'number', number::float8,
             'at', to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
           FROM "Revocation" WHERE kind = 'key' AND jkt = ANY($1::text[])`,
    values: [jkts, serials],
  });
  return new Map(rows.map((row) => [row.id, row.facts]));
}

/** Which of these keys are enrolled now, by the names for which they are: `urn jkt`. */
export async function enrolledAmong(
  db: Queryable,
  keys: readonly { urn: string; jkt: string }[],
): Promise<Set<string>> {
  const { rows } = await db.query<{ urn: string; jkt: string }>({
    name: 'enrolled-among',
    text: `SELECT n.urn, k.jkt FROM "NodeKey" k JOIN "Node" n ON n.id = k."nodeId"
           WHERE k.jkt = ANY($1::text[]) AND k."revokedAt" IS NULL AND EXISTS (
             SELECT FROM "Certificate" c WHERE c.jkt = k.jkt AND c."revokedAt" IS NULL)`,
    values: [keys.map((key) => key.jkt)],
  });
  const found = new Set(rows.map(({ urn, jkt }) => `${urn} ${jkt}`));
  return new Set(keys.map(({ urn, jkt }) => `${urn} ${jkt}`).filter((key) => found.has(key)));
}
