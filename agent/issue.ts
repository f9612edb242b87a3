import { createHash, randomBytes } from 'node:crypto';
import type { z } from 'zod';
import { type Reason, Refused } from '@/core/errors';
import { usable } from '@/core/node/state';
import {
  firstShort,
  HARD_RESOURCES,
  type HardAmounts,
  hardOf,
  oversubscribed,
  subtract,
} from '@/core/resources/vector';
import { judgeTerm } from '@/core/trust/chain';
import type { IssueInput, IssueOutput } from '@/protocol/agent/schemas';
import type { SigningKey } from '@/protocol/statement/sign';
import { signTickets } from '@/protocol/statement/sign-tickets';
import type { Peer } from '@/protocol/trpc';
import { clearGranted } from './clearing';
import { closedProblem, historyOf, judgeByPolicy } from './granting';
import { ownSliceFor } from './principals/demand';
import { lockNodes, type NodeBook, type Predecessor, readBooks, readPredecessors } from './store/books';
import { inTransaction, type Pool, type Transaction } from './store/database';
import type { Held } from './store/delegations';
import { bindTickets } from './store/principals';
import type { NewTicket, TicketTerms } from './store/ticket-rows';
import { claimRequest, insertTickets, keepAnswer, readTickets } from './store/tickets';

type Input = z.infer<typeof IssueInput>;
type Output = z.infer<typeof IssueOutput>;
export type Issuer = { pool: Pool; agentId: string; urn: string; authority: string; key: SigningKey };
/** … with its ticket's id. */
type Named = Granted & { jti: string };
type Granted = { node: string; held: Held; clears?: string[] };

/**
 * Issues tickets for what is free, each durable before it is handed out; nodes that cannot give one are refused each with
 * its reason. One transaction that holds the nodes' locks: concurrent requests never promise more than delegation × degree.
 * The same key with the same body gives the same answer, with another body Refused IDEMPOTENCY_MISMATCH. `now`: epoch ms.
 */
export async function issueTickets(agent: Issuer, peer: Peer, input: Input, now: number): Promise<Output> {
  const issuer = { ...agent }; // one key from the first look to the last signature, also while the agent changes it
  checkTerms(input, now);
  const key = `${peer.jkt}:${issuer.agentId}:${input.idempotencyKey}`; // agents may share a database
  const bodyHash = createHash('sha256').update(canonical(input)).digest('hex');
  return await inTransaction(issuer.pool, async (tx) => {
    const before = await claimRequest(tx, key, bodyHash);
    if (before) {
      if (before.bodyHash !== bodyHash) throw new Refused('IDEMPOTENCY_MISMATCH', { key: input.idempotencyKey });
      return { tickets: await readTickets(tx, issuer.key.jkt, before.answer.jtis), refused: before.answer.refused };
    }
    const own = peer.kind === 'principal' ? await ownSliceFor(tx, peer, input) : null;
    const standing = await lockNodes(tx, input.nodes, issuer.agentId);
    const span = { start: input.start, end: input.end + input.graceSeconds };
    const replaced = Object.values(input.replaces ?? {});
    const predecessors = await readPredecessors(tx, issuer.key.jkt, replaced);
    const books = await readBooks(tx, issuer.agentId, input.nodes, span, replaced, [], issuer.key.jkt);
    const granted: Granted[] = [];
    const refused: { node: string; reason: Reason }[] = [];
    for (const node of input.nodes) {
      const book = books.get(node);
      const verdict =
        closedProblem(issuer, standing, input) ??
        renewalProblem(node, input, book, predecessors.get(input.replaces?.[node] ?? '')) ??
        judge(node, book, input, now);
      if ('code' in verdict) refused.push({ node, reason: verdict });
      else granted.push({ node, held: verdict });
    }
    const ruling = await judgeByPolicy(tx, issuer, standing, input, granted.length, now);
    const { reason } = ruling;
    if (reason) refused.push(...granted.splice(ruling.grant).map(({ node }) => ({ node, reason })));
    const jtis = newTicketIds(granted.length, now);
    const cleared = await withClears(tx, issuer, input, granted, jtis, now);
    refused.push(...cleared.refused);
    const tickets = await sign(issuer, peer, input, cleared.granted, now);
    await insertTickets(tx, issuer.agentId, termsOf(issuer, input), tickets);
    if (own)
      await bindTickets(
        tx,
        own,
        issuer.key.jkt,
        tickets.map((one) => one.jti),
      );
    await keepAnswer(
      tx,
      key,
      { jtis: tickets.map((one) => one.jti), refused },
      historyOf(issuer, input, refused, ruling),
    );
    const iss = issuer.key.jkt;
    return { tickets: tickets.map(({ node, jti, text }) => ({ node, iss, jti, ticket: text })), refused };
  });
}

/** Signs a ticket on each node under the delegation chosen for it. */
async function sign(
  { key }: Issuer,
  peer: Peer,
  input: Input,
  granted: readonly Named[],
  now: number,
): Promise<(NewTicket & { node: string })[]> {
  const { sub, slice, resources, start, end, graceSeconds } = input;
  const shared = { iss: key.jkt, sub, cnf: { jkt: peer.jkt }, slice, resources, start, end, graceSeconds };
  const own = granted.map(({ node, held, jti, clears }) => {
    const replaces = input.replaces?.[node];
    const renewal = replaces === undefined ? {} : { replaces };
    const words = clears ? { clears } : {};
    return { jti, aud: node, ...redeemWindow(held, input, now), ...renewal, ...words, chain: held.chain };
  });
  const texts = await signTickets(shared, own, key);
  return granted.map(({ held }, i) => {
    const { chain: _, clears: __, aud, ...rest } = own[i] ?? missing();
    return { node: aud, nodeId: held.nodeId, ...rest, text: texts[i] ?? missing() };
  });
}

/** Those that may be signed, each with its id and the node's words that it must carry, and why the others may not. */
async function withClears(
  tx: Transaction,
  issuer: Issuer,
  input: Input,
  granted: readonly Granted[],
  jtis: readonly string[],
  now: number,
): Promise<{ granted: Named[]; refused: { node: string; reason: Reason }[] }> {
  const named = granted.map((one, i): Named => ({ ...one, jti: jtis[i] ?? missing() }));
  const wishes = named.map(({ node, held, jti }) => {
    const replaces = input.replaces?.[node];
    return {
      node,
      held,
      jti,
      exp: redeemWindow(held, input, now).exp,
      ...(replaces === undefined ? {} : { replaces }),
    };
  });
  const answers = await clearGranted(tx, issuer, input, wishes);
  const refused: { node: string; reason: Reason }[] = [];
  const may = named.flatMap((one): Named[] => {
    const answer = answers.get(one.node);
    if (answer && 'code' in answer) {
      refused.push({ node: one.node, reason: answer });
      return [];
    }
    return [answer && answer.length > 0 ? { ...one, clears: answer } : one];
  });
  return { granted: may, refused };
}

function missing(): never {
  throw new Error('a ticket was not signed');
}

function termsOf({ key }: Issuer, { slice, resources, start, end, graceSeconds }: Input): TicketTerms {
  return { iss: key.jkt, sliceUrn: slice, amounts: hardOf(resources), start, end, graceSeconds };
}

function checkTerms(input: Input, now: number): void {
  const wrong = (field: string, problem: string) => new Refused('INVALID_INPUT', { field, problem });
  if (input.end <= input.start) throw wrong('end', 'must be after start');
  if (input.end * 1000 <= now) throw wrong('end', 'is over already');
  const nodes = new Set(input.nodes);
  if (nodes.size !== input.nodes.length) throw wrong('nodes', 'names a node twice');
  if (Object.keys(input.replaces ?? {}).some((node) => !nodes.has(node)))
    throw wrong('replaces', 'names a node that is not asked');
}

/**
 * A renewal is for the same slice on the same node, with the same amounts: so that it takes the place of its predecessor in the
 * books, never more. One of another agent's ticket is charged in full, as a first one: the node judges whether it continues a lease.
 * Null for a ticket that renews none, too. Pure.
 */
function renewalProblem(
  node: string,
  input: Input,
  book: NodeBook | undefined,
  before: Predecessor | undefined,
): Reason | null {
  const replaces = input.replaces?.[node];
  if (replaces === undefined || !book || !before) return null;
  const mismatch = (problem: string): Reason => ({ code: 'RENEWAL_MISMATCH', facts: { problem, ticket: replaces } });
  if (before.nodeId !== book.id || before.sliceUrn !== input.slice)
    return mismatch('no such ticket was issued for this slice and node');
  if (before.burnt) return mismatch('the ticket to replace was given back');
  const wants = hardOf(input.resources);
  const other = HARD_RESOURCES.find((resource) => before[resource] !== wants[resource]);
  return other ? mismatch(`${other} is ${wants[other]} and was ${before[other]}`) : null;
}

/** The delegation to issue from, or why there is none. Pure. */
export function judge(node: string, book: NodeBook | undefined, input: Input, now: number): Held | Reason {
  if (!book) return { code: 'NOT_ADVERTISED', facts: { node } };
  const standing = usable(book.standing);
  if (!standing.ok) return standing.reason;
  const newest = book.delegations[0];
  if (!newest) return { code: 'NOT_DELEGATED', facts: { node } };
  const outlives = (held: Held) => termProblem(held, input, now);
  const held = book.delegations.find((one) => !outlives(one));
  if (!held) return outlives(newest) ?? { code: 'NOT_DELEGATED', facts: { node } };
  const free = freeOf(held, book.claimed);
  const short = firstShort(input.resources, free);
  if (!short) return held;
  const facts = {
    node,
    resource: short,
    wants: input.resources[short],
    free: free[short],
    degreeMilli: held.degreeMilli,
  };
  return { code: 'DELEGATION_SPENT', facts };
}

/** What one more ticket may hold: no more than the rights, nor than what rights × degree has left. Never below zero. */
export function freeOf(held: Pick<Held, 'rights' | 'degreeMilli'>, claimed: HardAmounts): HardAmounts {
  const left = subtract(oversubscribed(held.rights, held.degreeMilli), claimed);
  const least = (resource: keyof HardAmounts) => Math.max(0, Math.min(held.rights[resource], left[resource]));
  return {
    cpuMilli: least('cpuMilli'),
    memoryMiB: least('memoryMiB'),
    diskMiB: least('diskMiB'),
    networkKbps: least('networkKbps'),
  };
}

/** A ticket outlives its delegation in nothing: neither its term with the grace, nor its redeem window. */
function termProblem(held: Held, input: Input, now: number): Reason | null {
  try {
    judgeTerm('lease term', input.start, input.end + input.graceSeconds, held);
    const { nbf, exp } = redeemWindow(held, input, now);
    if (nbf >= exp) return { code: 'NOT_DELEGATED', facts: { node: held.nodeId } };
    return null;
  } catch (err) {
    if (err instanceof Refused) return err.reason;
    throw err;
  }
}

function redeemWindow(held: Held, input: Input, now: number): { nbf: number; exp: number } {
  const seconds = Math.floor(now / 1000);
  return { nbf: Math.max(seconds, held.nbf), exp: Math.min(seconds + input.redeemSeconds, input.end, held.exp) };
}

const TIME_BYTES = 6;
const RANDOM_BYTES = 12;

/** Ids of tickets: the time in ms, so that those of a batch stand together in the index, then 96 random bits. */
function newTicketIds(count: number, now: number): string[] {
  const random = randomBytes(count * RANDOM_BYTES);
  const id = Buffer.alloc(TIME_BYTES + RANDOM_BYTES);
  id.writeUIntBE(now, 0, TIME_BYTES);
  return Array.from({ length: count }, (_, i) => {
    random.copy(id, TIME_BYTES, i * RANDOM_BYTES, (i + 1) * RANDOM_BYTES);
    return id.toString('base64url');
  });
}

/** The decoded input as text with its keys in order: equal bodies are equal texts. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
