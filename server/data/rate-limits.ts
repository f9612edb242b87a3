import type { Tx } from '@/server/db';

/**
 * Counts one attempt under `key` in a fixed window that begins with its first attempt; one statement, so that attempts at
 * the same instant are all counted. Answers the count with this attempt, and when the window began (epoch ms).
 */
export async function countAttempt(
  db: Tx,
  key: string,
  windowMs: number,
  now: number,
): Promise<{ count: number; beganAt: number }> {
  const rows = await db.$queryRaw<{ count: number; beganAt: bigint }[]>`
    INSERT INTO "RateLimit" AS r (id, key, count, "lastRequest")
    VALUES (${crypto.randomUUID()}, ${key}, 1, ${BigInt(now)})
    ON CONFLICT (key) DO UPDATE SET
      count = CASE WHEN r."lastRequest" <= ${BigInt(now - windowMs)} THEN 1 ELSE r.count + 1 END,
      "lastRequest" = CASE WHEN r."lastRequest" <= ${BigInt(now - windowMs)} THEN ${BigInt(now)} ELSE r."lastRequest" END
    RETURNING count, "lastRequest" AS "beganAt"`;
  const row = rows[0];
  return { count: row?.count ?? 1, beganAt: Number(row?.beganAt ?? now) };
}

/** Takes attempts back: those that turned out to be the right person. */
export async function uncountAttempt(db: Tx, key: string): Promise<void> {
  await db.$executeRaw`UPDATE "RateLimit" SET count = greatest(count - 1, 0) WHERE key = ${key}`;
}

/** Forgets the count. */
export async function forgetAttempts(db: Tx, key: string): Promise<void> {
  await db.rateLimit.deleteMany({ where: { key } });
}
