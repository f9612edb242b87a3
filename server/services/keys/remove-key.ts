import { Refused } from '@/core/errors';
import { deleteKey } from '@/server/data/ssh-keys';
import type { Db } from '@/server/db';
import { audit } from '../audit';
import type { Person } from '../policy';
import { pushKeys } from './push-keys';

/** Removes an own key, also from live slivers. @throws Refused NOT_FOUND */
export function removeKey(db: Db, person: Person, id: string, now: Date): Promise<{ id: string }> {
  return db.$transaction(async (tx) => {
    const key = await deleteKey(tx, person.id, id);
    if (!key) throw new Refused('NOT_FOUND', { kind: 'key', id });
    await audit(tx, person, 'key.remove', { kind: 'key', id }, { fingerprint: key.fingerprint }, now);
    await pushKeys(tx, person.id);
    return { id };
  });
}
