import type { Tx } from '../db';

/** A sealed secret of the deployment, still sealed; for callers that hold a Prisma client (others: sealed-secrets.ts). */
export async function sealedSecret(db: Tx, name: string): Promise<Buffer | null> {
  const row = await db.sealedSecret.findUnique({ where: { name }, select: { sealed: true } });
  return row && Buffer.from(row.sealed);
}

/** Adds it unless one of that name is there. */
export async function addSealedSecret(db: Tx, name: string, sealed: Buffer): Promise<void> {
  await db.sealedSecret.createMany({ data: [{ name, sealed: new Uint8Array(sealed) }], skipDuplicates: true });
}
