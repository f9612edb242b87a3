import { z } from 'zod';
import { ReasonSchema, RedeemOutput, statement } from './schemas';

/** Tickets in one call: with the longest chains they stay within the bound on a call's size. */
export const MAX_REDEEMED_AT_ONCE = 32;

/** Several tickets in one call, each for itself: who has many pays for one message, and one write to the journal holds them all. */
export const RedeemAllInput = z.object({ tickets: z.array(statement).min(1).max(MAX_REDEEMED_AT_ONCE) });
export const RedeemAllOutput = z.object({
  /** In the order of the tickets. */
  results: z
    .array(z.union([z.object({ redeemed: RedeemOutput }), z.object({ refused: ReasonSchema })]))
    .max(MAX_REDEEMED_AT_ONCE),
});
