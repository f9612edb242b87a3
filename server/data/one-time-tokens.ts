import type { Tx } from '@/server/db';

/** Keeps what a one-time token stands for, under its hash; what is too old of that kind goes. */
export async function insertOneTimeToken(
  db: Tx,
  kind: string,
  token: { hash: string; value: string; expiresAt: Date },
  now: Date,
): Promise<void> {
  await db.verification.deleteMany({ where: { identifier: { startsWith: `${kind}:` }, expiresAt: { lt: now } } });
  await db.verification.create({
    data: {
      id: crypto.randomUUID(),
      identifier: `${kind}:${token.hash}`,
      value: token.value,
      expiresAt: token.expiresAt,
    },
  });
}

/** What the token stands for, once: of several who ask at the same time one gets it. Null when it is spent, unknown or too old. */
export async function takeOneTimeToken(db: Tx, kind: string, hash: string, now: Date): Promise<string | null> {
  const identifier = `${kind}:${hash}`;
  const rows = await db.$queryRaw<{ value: string; expiresAt: Date }[]>`
    DELETE FROM "Verification" WHERE identifier = ${identifier} RETURNING value, "expiresAt"`;
  const row = rows[0];
  return row && row.expiresAt > now ? row.value : null;
}
