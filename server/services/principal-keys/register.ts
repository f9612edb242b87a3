import type { z } from 'zod';
import { Refused } from '@/core/errors';
import { SKEW_SECONDS } from '@/core/statement/bounds';
import type { PrincipalKeyView, RegisterKeyInput } from '@/protocol/api/principal-keys';
import { checkProof, registrationChallenge } from '@/protocol/pki/challenge';
import { thumbprint } from '@/protocol/statement/keys';
import { findOperatorIds } from '@/server/data/people';
import { countLivingKeys, insertPrincipalKey } from '@/server/data/principal-keys';
import type { Db } from '@/server/db';
import { audit } from '../audit';
import { tell } from '../notifications';
import type { Person } from '../policy';
import { keyView } from './views';

const MOST = 10;

/**
 * Registers the key of a person's own service manager, by proof that whoever asks holds it. It counts only once an operator approved it.
 * @throws Refused BAD_SIGNATURE, EXPIRED, NOT_YET_VALID, CONFLICT
 */
export function registerKey(
  db: Db,
  person: Person,
  input: z.infer<typeof RegisterKeyInput>,
  now: Date,
): Promise<PrincipalKeyView> {
  const { name, publicKey, at, proof } = input;
  const jkt = thumbprint(publicKey);
  if (!checkProof(registrationChallenge({ urn: person.urn, publicKey, at }), proof, publicKey))
    throw new Refused('BAD_SIGNATURE', { kid: jkt });
  checkFresh(at, now);
  return db.$transaction(async (tx) => {
    if ((await countLivingKeys(tx, person.id)) >= MOST)
      throw new Refused('CONFLICT', { kind: 'key', problem: `you have ${MOST} keys; take one back first` });
    const row = { userId: person.id, name, jkt, publicKey: publicKey.x, createdAt: now };
    const key = await insertPrincipalKey(tx, row);
    if (!key) throw new Refused('CONFLICT', { kind: 'key', problem: 'this key is registered already' });
    await audit(tx, person, 'principal-key.register', { kind: 'key', id: key.id }, { name, jkt }, now);
    const operators = (await findOperatorIds(tx)).filter((id) => id !== person.id);
    const facts = { by: person.name, name };
    await tell(tx, operators, { kind: 'key-pending', facts, href: '/approvals', createdAt: now });
    return keyView(key);
  });
}

function checkFresh(at: number, now: Date): void {
  const off = at * 1000 - now.getTime();
  const facts = { now: now.toISOString(), skewSeconds: SKEW_SECONDS };
  const iso = (seconds: number) => new Date(seconds * 1000).toISOString();
  if (off < -SKEW_SECONDS * 1000) throw new Refused('EXPIRED', { expiredAt: iso(at + SKEW_SECONDS), ...facts });
  if (off > SKEW_SECONDS * 1000) throw new Refused('NOT_YET_VALID', { notBefore: iso(at), ...facts });
}
