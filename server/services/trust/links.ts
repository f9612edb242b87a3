import type { z } from 'zod';
import { Refused } from '@/core/errors';
import type { LinkDetail, LinksInput, LinksPage } from '@/protocol/api/trust';
import { isAmong, nodeIdentity, nodeOfLink, readChain, revokedKeys } from '@/server/data/trust/detail';
import { readLinks, readNodeLinks } from '@/server/data/trust/link-rows';
import { visibleNodes } from '@/server/data/trust/scope';
import type { Tx } from '@/server/db';
import { demand, may, type Person } from '../policy';

/** The links that the person may see, filtered, sorted, a page of them. */
export function trustLinks(db: Tx, person: Person, input: LinksInput, now: Date): Promise<z.infer<typeof LinksPage>> {
  return readLinks(db, visibleNodes(person), input, now);
}

/** One link, the signed texts of its chain, and what verifying these needs. @throws Refused NOT_FOUND */
export async function trustLink(db: Tx, person: Person, id: string, now: Date): Promise<LinkDetail> {
  const at = await nodeOfLink(db, id);
  if (!at) throw new Refused('NOT_FOUND', { kind: 'delegation', id });
  const ownSliver = await isAmong(db, visibleNodes(person), at.nodeId);
  demand(person, 'trust.node', { siteId: at.siteId, ownSliver }, { kind: 'delegation', id, visible: false });
  const links = new Map((await readNodeLinks(db, at.nodeId, now)).map((link) => [link.id, link]));
  const link = links.get(id);
  const node = await nodeIdentity(db, at.nodeId);
  if (!link || !node) throw new Refused('NOT_FOUND', { kind: 'delegation', id });
  const chain = (await readChain(db, id)).flatMap(({ id: each, text }) => {
    const row = links.get(each);
    return row
      ? [{ id: each, text, state: row.state, issuer: row.issuer?.name ?? row.node.hostname, grantee: row.grantee.name }]
      : [];
  });
  const keys = [...links.values()].flatMap((each) => [each.iss, each.granteeJkt]);
  const siteIds = link.depth === 1 ? [at.siteId] : [];
  return {
    link,
    chain,
    node: {
      id: node.id,
      urn: node.urn,
      hostname: node.hostname,
      publicKey: node.key?.publicKey ?? null,
      incarnation: node.key?.incarnation ?? null,
    },
    revokedKeys: await revokedKeys(db, keys, at.nodeId),
    mayRevoke: may(person, 'trust.revoke', { siteIds, ownerId: null, memberIds: [] }),
    whoMayRevoke:
      link.depth === 1
        ? `A tech of the site ${link.node.site}, an operator, and the node’s owner by its own policy.`
        : `An operator of the deployment that ${link.issuer?.name ?? 'the issuer'} belongs to; and, with the links above it, a tech of the site ${link.node.site}.`,
    at: now,
  };
}
