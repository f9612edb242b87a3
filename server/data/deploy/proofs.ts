import type { Queryable } from '../pool';

/** A refusal's proof as it is kept. `named`: the URNs of those whom it names. */
export type NewProof = { ticketIss: string; ticketJti: string; sliceId: string; text: string; named: string[] };

/** Keeps the proof of a refusal; the latest of the same ticket. */
export async function keepProof(db: Queryable, proof: NewProof): Promise<void> {
  const { ticketIss, ticketJti, sliceId, text, named } = proof;
  await db.query(
    `INSERT INTO "Proof" ("ticketIss", "ticketJti", "sliceId", text, named) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT ("ticketIss", "ticketJti") DO UPDATE SET text = excluded.text, named = excluded.named, "createdAt" = now()`,
    [ticketIss, ticketJti, sliceId, text, named],
  );
}
