import type { z } from 'zod';
import { Refused } from '@/core/errors';
import type { AddKeyInput, KeyView } from '@/protocol/api/people';
import { findKeys, insertKey } from '@/server/data/ssh-keys';
import type { Db } from '@/server/db';
import { audit } from '../audit';
import type { Person } from '../policy';
import { keyView } from './list-keys';
import { parseKey } from './parse-key';
import { pushKeys } from './push-keys';

const MOST = 50;

/** Adds a public key; it reaches the person's live slivers within seconds. @throws Refused INVALID_INPUT, CONFLICT */
export function addKey(
  db: Db,
  person: Person,
  input: z.infer<typeof AddKeyInput>,
  now: Date,
): Promise<z.infer<typeof KeyView>> {
  const { publicKey, fingerprint, type } = parseKey(input.publicKey);
  return db.$transaction(async (tx) => {
    if ((await findKeys(tx, person.id)).length >= MOST) {
      throw new Refused('CONFLICT', { kind: 'key', problem: `you have ${MOST} keys; remove one first` });
    }
    const key = await insertKey(tx, { userId: person.id, name: input.name, publicKey, fingerprint, createdAt: now });
    if (!key) throw new Refused('CONFLICT', { kind: 'key', problem: 'you have added this key already' });
    await audit(tx, person, 'key.add', { kind: 'key', id: key.id }, { fingerprint, type }, now);
    await pushKeys(tx, person.id);
    return keyView(key);
  });
}
