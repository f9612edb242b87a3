import { limitOf } from '@/core/accountability/issued';
import { type Evidence, type IssueVerdict, mayIssue } from '@/core/accountability/may-issue';
import { type Reason, Refused } from '@/core/errors';
import { add, firstShort, HARD_RESOURCES, type HardAmounts, NOTHING } from '@/core/resources/vector';
import { MAX_STATEMENT_BYTES, SKEW_SECONDS } from '@/core/statement/bounds';
import { isoAt } from '@/core/time/span';
import { wordOf } from '@/protocol/proof/words';
import { jwkFromRaw } from '@/protocol/statement/keys';
import { decodeUnverified, verifyStatement } from '@/protocol/statement/verify';
import type { Peer } from '@/protocol/trpc';
import type { Issuer } from './issue';
import { agentsInForce } from './store/agents';
import { keepStanding, type NodeHistory, nearly, readEverIssued, readHistories, wantStandings } from './store/clearing';
import { inTransaction, type Transaction } from './store/database';
import { type Held, lockEnrolledKey } from './store/delegations';

/** What is wished for on each node alike. Times: epoch seconds. */
export type Wish = { resources: HardAmounts; start: number; end: number; graceSeconds: number };
/** … and on each by itself. `exp`: the end of the redeem window. */
export type Granted = { node: string; held: Held; jti: string; exp: number; replaces?: string };
type Receipt = Evidence & { text: string };

/** Of a ticket's characters, what is neither its chain nor the receipts in it; and how much longer base64url makes what is. */
const OWN_BYTES = 1_600;
const PAYLOAD_PART = 0.75;

/**
 * An agent is accountable for every ticket that it ever issued, until the node's own word clears it: its clock and the deployment's
 * tables do not count. So before a ticket is signed, all that was ever issued for its time is summed; usually that is within the
 * limit, and nothing more is needed. Where it is not, the ticket must carry the node's words that clear enough: gives these texts by the
 * node's URN, or why it cannot be signed. Runs in the transaction that holds the nodes' locks. See docs/decisions/0037.
 */
export async function clearGranted(
  tx: Transaction,
  issuer: Issuer,
  wish: Wish,
  granted: readonly Granted[],
): Promise<Map<string, string[] | Reason>> {
  const answers = new Map<string, string[] | Reason>();
  if (granted.length === 0) return answers;
  const span = { start: wish.start, end: wish.end + wish.graceSeconds };
  const ids = granted.map(({ held }) => held.nodeId);
  const ever = await readEverIssued(tx, issuer.key.jkt, ids, span);
  const sums = new Map(granted.map(({ held }) => [held.nodeId, add(ever.get(held.nodeId) ?? NOTHING, wish.resources)]));
  const near = granted.filter(({ held }) => nearly(sums.get(held.nodeId), limitOf(held)));
  const over = near.filter(({ held }) => firstShort(sums.get(held.nodeId) ?? NOTHING, limitOf(held)) !== null);
  await wantStandings(
    tx,
    issuer.agentId,
    near.map(({ held }) => held.nodeId),
  );
  if (over.length === 0) return answers;
  const overIds = over.map(({ held }) => held.nodeId);
  const histories = await readHistories(tx, issuer.agentId, issuer.key.jkt, overIds, span);
  for (const one of over) {
    const verdict = judge(issuer, wish, one, histories.get(one.held.nodeId));
    if (verdict.ok)
      answers.set(
        one.node,
        verdict.clears.map(({ text }) => text),
      );
    else answers.set(one.node, spent(one, wish, verdict.excess));
  }
  return answers;
}

function judge(issuer: Issuer, wish: Wish, one: Granted, history: NodeHistory | undefined): IssueVerdict<Receipt> {
  const { start, end, graceSeconds, resources } = wish;
  const { jti, held, exp, replaces } = one;
  const amounts = { ...NOTHING };
  for (const r of HARD_RESOURCES) amounts[r] = resources[r];
  const want = {
    kind: 'ticket' as const,
    jti,
    group: `ticket ${replaces ?? jti}`,
    start,
    end: end + graceSeconds,
    amounts,
    exp,
    limit: limitOf(held),
  };
  const chain = held.chain.reduce((sum, text) => sum + text.length + 3, 0);
  const room = MAX_STATEMENT_BYTES * PAYLOAD_PART - chain - OWN_BYTES;
  const receipts = (history?.receipts ?? []).map(({ jti: of, text }): Receipt => {
    return { word: { kind: 'over', jti: of }, text, bytes: text.length + 3 };
  });
  return mayIssue(want, history?.issued ?? [], standingOf(issuer, one.node, history), receipts, room);
}

/** The newest standing, if it is of the node's present key and on this agent's: it was verified when it was taken. */
function standingOf({ key }: Issuer, node: string, history: NodeHistory | undefined): Receipt | null {
  if (!history?.standing) return null;
  const { kid, claims } = decodeUnverified('receipt+jwt', history.standing);
  const word = kid === history.nodeJkt ? wordOf(claims, node, key.jkt) : null;
  return word && { word, text: history.standing, bytes: history.standing.length + 3 };
}

function spent(
  { node, held }: Granted,
  { resources }: Wish,
  excess: { resource: keyof HardAmounts; issued: number; limit: number; until: number },
): Reason {
  const { resource, issued, limit, until } = excess;
  const wants = resources[resource];
  const free = Math.max(0, limit - (issued - wants));
  const { degreeMilli } = held;
  return { code: 'DELEGATION_SPENT', facts: { node, resource, wants, free, degreeMilli, until: isoAt(until * 1000) } };
}

/**
 * Takes in a node's word on all tickets of an agent of this deployment. Throws Refused NODE_NOT_ENROLLED, WRONG_NODE, WRONG_HOLDER (of no
 * agent of ours), NOT_YET_VALID (from the future), and what `verifyStatement` throws. `now`: epoch ms.
 */
export async function takeStanding(issuer: Issuer, peer: Peer, text: string, now: number): Promise<void> {
  await inTransaction(issuer.pool, async (tx) => {
    const key = await lockEnrolledKey(tx, peer.urn, peer.jkt);
    if (!key) throw new Refused('NODE_NOT_ENROLLED', { node: peer.urn });
    const claims = verifyStatement('receipt+jwt', text, jwkFromRaw(key.x));
    if (claims.node !== peer.urn) throw new Refused('WRONG_NODE', { expected: peer.urn, got: claims.node });
    if (claims.kind !== 'standing')
      throw new Refused('STATEMENT_MALFORMED', { problem: `a receipt of kind ${claims.kind}, not a standing` });
    if (claims.asOf > now / 1000 + SKEW_SECONDS)
      throw new Refused('NOT_YET_VALID', {
        notBefore: isoAt(claims.asOf * 1000),
        now: isoAt(now),
        skewSeconds: SKEW_SECONDS,
      });
    const agent = (await agentsInForce(tx)).find((one) => one.jkt === claims.issuer);
    if (!agent) throw new Refused('WRONG_HOLDER', { expected: issuer.key.jkt, got: claims.issuer });
    await keepStanding(tx, {
      nodeId: key.nodeId,
      agentId: agent.id,
      issuer: claims.issuer,
      text,
      ended: claims.ended,
    });
  });
}
