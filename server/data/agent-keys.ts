import type { Tx } from '@/server/db';

/** Marks an agent of this deployment, by its URN or the last part of it, as asked for another key, unless it cannot have one; null: none such. */
export async function askForRotation(
  tx: Tx,
  name: string,
  now: Date,
): Promise<{ urn: string; revoked: boolean; hosts: number } | null> {
  const where = {
    OR: [{ urn: name }, { urn: { endsWith: `+authority+${name}` } }, { urn: { endsWith: `+authority+am.${name}` } }],
  };
  const [agent, other] = await tx.agent.findMany({ where: { partnerId: null, ...where }, take: 2 });
  if (!agent || other) return null;
  const hosts = await tx.partner.count({ where: { gives: true, state: 'active' } });
  const { urn, revokedAt } = agent;
  if (!revokedAt && hosts === 0)
    await tx.agent.updateMany({ where: { id: agent.id, rotateAskedAt: null }, data: { rotateAskedAt: now } });
  return { urn, revoked: revokedAt !== null, hosts };
}
