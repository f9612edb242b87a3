import type { z } from 'zod';
import { type Issuers, KeyAnswer } from '@/protocol/api/trust';
import { knownIssuers, ownerOfKey } from '@/server/data/trust/detail';
import type { Tx } from '@/server/db';

/**
 * The public key of a thumbprint and whose it is, for verifying in the browser; null when it is not known here. Public keys are no
 * secret; the browser checks that the key is the thumbprint's.
 */
export async function trustKey(db: Tx, jkt: string): Promise<z.infer<typeof KeyAnswer>> {
  return KeyAnswer.parse(await ownerOfKey(db, jkt));
}

/** The agents that one may ask about. */
export function trustIssuers(db: Tx): Promise<z.infer<typeof Issuers>> {
  return knownIssuers(db);
}
