import { Refused } from '@/core/errors';
import { countApiKey, updateApiKeyRevoked } from '@/server/data/api-keys';
import type { Db } from '@/server/db';
import { audit } from '../audit';
import type { Person } from '../policy';

/** Ends an own token at once. Idempotent. @throws Refused NOT_FOUND */
export function revokeToken(db: Db, person: Person, id: string, now: Date): Promise<{ id: string }> {
  return db.$transaction(async (tx) => {
    if (await updateApiKeyRevoked(tx, person.id, id, now)) {
      await audit(tx, person, 'token.revoke', { kind: 'token', id }, {}, now);
    } else if ((await countApiKey(tx, person.id, id)) === 0) throw new Refused('NOT_FOUND', { kind: 'token', id });
    return { id };
  });
}
