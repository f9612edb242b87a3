import { loadOrMakeAuditKey } from '@/protocol/pki/deployment-secrets';
import type { IdentityKey } from '@/protocol/statement/keys';
import { openPool } from '@/server/data/pool';
import { secretStore } from '@/server/data/sealed-secrets';
import { openDb } from '@/server/db';
import type { Log } from '@/server/log';
import { sealTrail } from '@/server/services/audit/seal-trail';

/** A row is sealed after at most this long. */
const EVERY_MS = 60_000;

/**
 * Signs each minute how far the audit trail is, and writes that into the log too, which whoever holds the database does not hold. Stops
 * after the seal that is under way.
 */
export function startSealing(options: { databaseUrl: string; sealKey: Buffer; log: Log; everyMs?: number }) {
  const { databaseUrl, sealKey, log, everyMs = EVERY_MS } = options;
  const db = openDb(databaseUrl, 1);
  let known: IdentityKey | null = null;
  const seal = async () => {
    try {
      known ??= await auditKey(databaseUrl, sealKey);
      const made = await sealTrail(db, known, new Date());
      if (made) log.info({ seq: made.seq, hash: made.hash, key: known.jkt }, 'sealed the audit trail');
    } catch (err) {
      log.warn({ err }, 'the audit trail could not be sealed; it is tried again');
    }
  };
  let running = seal();
  const timer = setInterval(() => {
    running = running.then(seal);
  }, everyMs);
  return {
    async stop() {
      clearInterval(timer);
      await running;
      await db.$disconnect();
    },
  };
}

async function auditKey(databaseUrl: string, sealKey: Buffer): Promise<IdentityKey> {
  const pool = openPool(databaseUrl, 1);
  try {
    return await loadOrMakeAuditKey(secretStore(pool), sealKey);
  } finally {
    await pool.end();
  }
}
