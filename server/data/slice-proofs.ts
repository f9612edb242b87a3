import type { Tx } from '../db';

/** The proof of the refusal of a ticket of this slice, the newest of that id; null when none is kept. */
export function findProof(
  db: Tx,
  sliceId: string,
  ticketJti: string,
): Promise<{ text: string; named: string[] } | null> {
  return db.proof.findFirst({
    where: { sliceId, ticketJti },
    orderBy: { createdAt: 'desc' },
    select: { text: true, named: true },
  });
}
