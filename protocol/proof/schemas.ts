import { z } from 'zod';
import { statement, urn } from '../node-manager/schemas';
import { PublicJwkSchema } from '../statement/schemas';

/** The one format of a refusal's proof; another one gets another name. */
export const PROOF_FORMAT = 'meridian-proof/1';
/** Tickets in a proof, and bytes of it. A node shows what matters first and leaves out what goes beyond. */
export const MAX_PROOF_TICKETS = 512;
export const MAX_PROOF_BYTES = 8_388_608;

/**
 * Why a node had no room for a valid ticket, as one document that can be checked with nothing else: its signed refusal, the ticket, and the
 * tickets of the leases that hold the room under the same link. Each ticket carries its chain of delegations.
 */
export const RefusalProof = z.strictObject({
  format: z.literal(PROOF_FORMAT),
  /** Whose refusal it is. Whether that key is the node's, the reader must know. */
  node: z.strictObject({ urn, publicKey: PublicJwkSchema }),
  /** receipt+jwt of kind `refused` */
  refusal: statement,
  /** ticket+jwt */
  ticket: statement,
  /** ticket+jwt of each live lease that is charged to the link in question */
  held: z.array(statement).max(MAX_PROOF_TICKETS),
  /** How many more there were, beyond the bounds. */
  leftOut: z.int().min(0),
});
export type RefusalProof = z.infer<typeof RefusalProof>;
