import { Refused } from '@/core/errors';
import type { SliceProof } from '@/protocol/api/proofs';
import { findProof } from '@/server/data/slice-proofs';
import type { Tx } from '@/server/db';

/** Why a node had no room for a ticket of this slice, as a document that anybody can check. @throws Refused NOT_FOUND */
export async function sliceProof(db: Tx, sliceId: string, ticket: string): Promise<SliceProof> {
  const found = await findProof(db, sliceId, ticket);
  if (!found) throw new Refused('NOT_FOUND', { kind: 'proof', id: ticket });
  return found;
}
