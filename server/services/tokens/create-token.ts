import { Refused } from '@/core/errors';
import { countLiveApiKeys, insertApiKey } from '@/server/data/api-keys';
import type { Db } from '@/server/db';
import { audit } from '../audit';
import { hashSecret, mintSecret } from '../secret-token';

export const TOKEN_PREFIX = 'mrd_';
const MOST = 50;

/** A token for the CLI and scripts, with all of the person's rights. The answer holds the only copy of the secret. */
export function createToken(
  db: Db,
  person: { id: string; email: string },
  input: { name: string; days: number },
  now: Date,
): Promise<{ id: string; token: string; expiresAt: Date }> {
  const token = TOKEN_PREFIX + mintSecret();
  const expiresAt = new Date(now.getTime() + input.days * 86_400_000);
  return db.$transaction(async (tx) => {
    if ((await countLiveApiKeys(tx, person.id, now)) >= MOST) {
      throw new Refused('CONFLICT', { kind: 'token', problem: `you have ${MOST} tokens; revoke one first` });
    }
    const row = await insertApiKey(tx, {
      userId: person.id,
      name: input.name,
      tokenHash: hashSecret(token),
      createdAt: now,
      expiresAt,
    });
    await audit(tx, person, 'token.create', { kind: 'token', id: row.id }, { name: input.name, days: input.days }, now);
    return { id: row.id, token, expiresAt };
  });
}
