import type { Tx } from '../db';

/**
 * Stores tokens and drops what was still unused of the same nodes: the newest token is the only one that works. Only
 * hashes are kept.
 */
export async function replaceEnrolmentTokens(
  tx: Tx,
  tokens: readonly {
    nodeId: string;
    secretHash: string;
    createdById: string | null;
    createdAt: Date;
    expiresAt: Date;
  }[],
): Promise<void> {
  await tx.enrolmentToken.deleteMany({ where: { nodeId: { in: tokens.map((token) => token.nodeId) }, usedAt: null } });
  await tx.enrolmentToken.createMany({ data: [...tokens] });
}
