import type { RevokeTarget } from '@/protocol/api/revocations';
import type { Tx } from '@/server/db';

/** What people call it: a host name, an agent's URN or the last part of it, a key's name or thumbprint, a ticket's id. */
export async function findTarget(
  tx: Tx,
  kind: RevokeTarget['kind'],
  name: string,
  of: { agent: string | null; userId: string },
): Promise<RevokeTarget | null> {
  if (kind === 'ticket') {
    const found = await tx.ticket.findFirst({ where: { jti: name }, select: { iss: true, jti: true } });
    return found && { kind, ...found };
  }
  if (kind === 'key') {
    const mine = await tx.principalKey.findFirst({ where: { name, userId: of.userId, revokedAt: null } });
    const found = mine ?? (await tx.principalKey.findUnique({ where: { jkt: name } }));
    return found && { kind, id: found.id };
  }
  if (kind === 'agent') {
    const id = await agentId(tx, name);
    return id ? { kind, id } : null;
  }
  const node = await tx.node.findFirst({ where: { OR: [{ hostname: name }, { urn: name }] }, select: { id: true } });
  if (!node) return null;
  if (kind === 'node') return { kind, id: node.id };
  const agent = of.agent === null ? null : await agentId(tx, of.agent);
  if (of.agent !== null && !agent) return null;
  const roots = await tx.delegation.findMany({
    where: {
      nodeId: node.id,
      issuerId: null,
      revokedAt: null,
      notAfter: { gt: new Date() },
      ...(agent && { agentId: agent }),
    },
    select: { id: true },
  });
  return roots.length > 0 ? { kind, ids: roots.map(({ id }) => id) } : null;
}

async function agentId(tx: Tx, name: string): Promise<string | null> {
  const where = {
    OR: [{ urn: name }, { urn: { endsWith: `+authority+${name}` } }, { urn: { endsWith: `+authority+am.${name}` } }],
  };
  const found = await tx.agent.findMany({ where: { partnerId: null, ...where }, select: { id: true }, take: 2 });
  return found.length === 1 ? (found[0]?.id ?? null) : null;
}
