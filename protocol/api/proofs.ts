import { z } from 'zod';
import { MAX_PROOF_BYTES } from '../proof/schemas';
import { SliceName } from './common';

/** `ticket`: its id, as the refusal's facts name it. */
export const SliceProofInput = z.object({ name: SliceName, ticket: z.string().regex(/^[A-Za-z0-9_-]{16,64}$/) });

/** A RefusalProof as JSON text, for a file, and the URNs of those whom it names: who promised more than was given to them. */
export const SliceProof = z.object({ text: z.string().max(MAX_PROOF_BYTES), named: z.array(z.string()).max(64) });
export type SliceProof = z.infer<typeof SliceProof>;
