import { Refused } from '@/core/errors';
import { encodeEnrolmentToken, newEnrolmentSecret } from '@/protocol/pki/enrolment-token';
import { replaceEnrolmentTokens } from '@/server/data/enrolment-tokens';
import { findNodeFacts } from '@/server/data/nodes';
import type { Db, Tx } from '@/server/db';
import { audit } from '../audit';
import { demand, type Person } from '../policy';

/** What a token tells a new node: whom to call, and which CA must answer there. */
export type EnrolmentAuthority = { agentAddress: string; caFingerprint: string };

/** A token is for someone who is about to set up a node: a day, then it lapses. */
export const TOKEN_SECONDS = 86_400;

/** One-time tokens for nodes, by node id. Earlier unused tokens of these nodes stop working. Secrets are in the answer only. */
export async function issueEnrolmentTokens(
  tx: Tx,
  authority: EnrolmentAuthority,
  nodes: readonly { id: string; urn: string }[],
  options: { by: string | null; now: Date; ttlSeconds?: number },
): Promise<{ tokens: Map<string, string>; expiresAt: Date }> {
  const expiresAt = new Date(options.now.getTime() + (options.ttlSeconds ?? TOKEN_SECONDS) * 1000);
  const made = nodes.map((node) => {
    const { secret, secretHash } = newEnrolmentSecret();
    const token = encodeEnrolmentToken({
      v: 1,
      agent: authority.agentAddress,
      ca: authority.caFingerprint,
      node: node.urn,
      secret,
    });
    return { nodeId: node.id, secretHash, token };
  });
  const common = { createdById: options.by, createdAt: options.now, expiresAt };
  await replaceEnrolmentTokens(
    tx,
    made.map(({ nodeId, secretHash }) => ({ nodeId, secretHash, ...common })),
  );
  return { tokens: new Map(made.map(({ nodeId, token }) => [nodeId, token])), expiresAt };
}

/** A token for one node, for its site's tech or an operator; shown once. @throws Refused NOT_FOUND, NOT_ALLOWED */
export function enrolmentToken(db: Db, authority: EnrolmentAuthority, person: Person, urn: string, now: Date) {
  return db.$transaction(async (tx) => {
    const node = await findNodeFacts(tx, { urn });
    if (!node) throw new Refused('NOT_FOUND', { kind: 'node', id: urn });
    demand(person, 'node.enrol', { siteId: node.siteId });
    const { tokens, expiresAt } = await issueEnrolmentTokens(tx, authority, [node], { by: person.id, now });
    const object = { kind: 'node', id: node.urn, siteId: node.siteId };
    await audit(tx, person, 'node.enrolmentToken', object, { expiresAt: expiresAt.toISOString() }, now);
    return { token: tokens.get(node.id) ?? '', expiresAt };
  });
}
