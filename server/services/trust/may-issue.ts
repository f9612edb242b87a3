import type { z } from 'zod';
import { type Reason, Refused } from '@/core/errors';
import { add, type HardAmounts, hardOf } from '@/core/resources/vector';
import { MAX_CHAIN_LINKS } from '@/core/statement/bounds';
import { linkKey, type PathLink, pathTo } from '@/core/trust/path';
import type { LinkRow, MayAnswer, MayInput } from '@/protocol/api/trust';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import { isAmong, issuersNamed, nodeIdentity, nodesNamed, revokedKeys } from '@/server/data/trust/detail';
import { readNodeLinks } from '@/server/data/trust/link-rows';
import { visibleNodes } from '@/server/data/trust/scope';
import type { Tx } from '@/server/db';
import { demand, type Person } from '../policy';

const THUMBPRINT = /^[A-Za-z0-9_-]{43}$/;

/**
 * "May key K issue N on node X?", by the rules of core/trust/path.ts over what this deployment knows: its links of the node, what was
 * taken back, and what its agents promised and hold under each (a partner's own tickets are not known here; what was passed on to it
 * counts whole). @throws Refused NOT_FOUND, CONFLICT (several of that name), NOT_ALLOWED
 */
export async function mayIssue(
  db: Tx,
  person: Person,
  input: z.output<typeof MayInput>,
  now: Date,
): Promise<MayAnswer> {
  const { id: nodeId } = one('node', input.node, await nodesNamed(db, input.node));
  const node = await nodeIdentity(db, nodeId);
  if (!node) throw new Refused('NOT_FOUND', { kind: 'node', id: input.node });
  const ownSliver = await isAmong(db, visibleNodes(person), node.id);
  demand(person, 'trust.node', { siteId: node.siteId, ownSliver });
  const issuer = await issuerNamed(db, input.issuer);
  const start = input.start ?? now;
  const wish = {
    slivers: input.slivers,
    amounts: { ...hardOf(DEFAULT_RESOURCES), ...input.amounts },
    start,
    end: new Date(start.getTime() + input.seconds * 1000),
  };
  const said = { issuer, node: { id: node.id, urn: node.urn, hostname: node.hostname }, wish, at: now };
  if (!node.key) {
    const reason = { code: 'NODE_NOT_ENROLLED' as const, facts: { node: node.hostname } };
    return { ...said, may: false, reason, path: [], others: 0 };
  }
  const rows = await readNodeLinks(db, node.id, now, wish);
  const gone = new Set(
    await revokedKeys(
      db,
      rows.flatMap((row) => [row.iss, row.granteeJkt]),
      node.id,
    ),
  );
  // Where a key was taken back, that is what is said, not that its links went with it.
  const taken = rows.filter((row) => row.state === 'taken-back' && !gone.has(row.iss) && !gone.has(row.granteeJkt));
  const answer = pathTo(
    pathLinks(rows, node.urn, issuer.jkt),
    {
      issuerJkt: issuer.jkt,
      slivers: wish.slivers,
      amounts: wish.amounts,
      start: Math.ceil(start.getTime() / 1000),
      end: Math.ceil(wish.end.getTime() / 1000),
    },
    {
      nodeUrn: node.urn,
      nodeJkt: node.key.jkt,
      incarnation: node.key.incarnation,
      now: now.getTime(),
      revokedKeys: gone,
      revokedLinks: new Set(taken.map(linkKey)),
    },
  );
  // People know the node by its host name, not by the last part of its URN.
  const inWords = (reason: Reason | null): Reason | null =>
    reason && { ...reason, facts: { ...reason.facts, ...(reason.facts.node === node.urn && { node: node.hostname }) } };
  const path = answer.path.map(({ link: { row }, reason, ...step }) => ({
    ...step,
    reason: inWords(reason),
    link: row,
  }));
  return { ...said, may: answer.may, reason: inWords(answer.reason), path, others: answer.others };
}

/**
 * Rows as links, with what is claimed under each: the tickets of its grantee and of all below it; of the key in question itself its own
 * tickets and all that it passed on, which it cannot promise twice.
 */
export function pathLinks(
  rows: readonly LinkRow[],
  nodeUrn: string,
  issuerJkt: string,
): (PathLink & { row: LinkRow })[] {
  const children = new Map<string | null, LinkRow[]>();
  for (const row of rows) children.set(row.parentId, [...(children.get(row.parentId) ?? []), row]);
  const own = ({ use }: LinkRow) => add(use.issued, use.redeemed);
  const below = (row: LinkRow, depth: number): HardAmounts =>
    (depth > MAX_CHAIN_LINKS ? [] : (children.get(row.id) ?? [])).reduce(
      (sum, child) => add(sum, below(child, depth + 1)),
      own(row),
    );
  return rows.map((row) => ({
    id: row.id,
    parentId: row.parentId,
    iss: row.iss,
    jti: row.jti,
    line: row.line,
    node: nodeUrn,
    granteeJkt: row.granteeJkt,
    rights: row.rights,
    degreeMilli: row.degreeMilli,
    incarnation: row.incarnation,
    nbf: Math.floor(row.notBefore.getTime() / 1000),
    exp: Math.floor(row.notAfter.getTime() / 1000),
    claimed: row.granteeJkt === issuerJkt ? add(own(row), row.use.passedOn) : below(row, 0),
    row,
  }));
}

async function issuerNamed(db: Tx, name: string): Promise<{ jkt: string; name: string }> {
  const found = await issuersNamed(db, name);
  // A key that nobody here has heard of is a fair question, too.
  if (found.length === 0 && THUMBPRINT.test(name)) return { jkt: name, name: 'a key that is not known here' };
  return one('agent', name, found);
}

function one<T>(kind: string, name: string, [found, ...others]: readonly T[]): T {
  if (!found) throw new Refused('NOT_FOUND', { kind, id: name });
  if (others.length > 0)
    throw new Refused('CONFLICT', { kind, id: name, problem: `several ${kind}s are called so; name one by its URN` });
  return found;
}
