import { z } from 'zod';
import { Id, SliceName } from './common';

export const SliverStatementsInput = z.object({ name: SliceName, sliverId: Id });

/** A signed statement about a sliver, with what the deployment knows of it. `text`: compact JWS. */
export const SliverStatement = z.object({
  kind: z.enum(['ticket', 'lease', 'receipt']),
  /** A ticket's state in the agent's register, a lease's, or what a receipt says. */
  state: z.string(),
  iss: z.string(),
  jti: z.string(),
  /** Who signed it, as people call them: the agent or the node. */
  signer: z.string(),
  text: z.string(),
  at: z.date(),
});
export type SliverStatement = z.infer<typeof SliverStatement>;

/** Newest first; tickets of renewals and receipts of what came before stay. */
export const SliverStatements = z.object({
  statements: z.array(SliverStatement).max(200),
  /** The node's enrolled keys, raw base64url: where every chain begins. The present one first. */
  nodeKeys: z.array(z.string()).max(20),
  node: z.string(),
});
export type SliverStatements = z.infer<typeof SliverStatements>;
