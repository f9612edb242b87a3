import { sign, verify } from 'node:crypto';
import { BATCH_IN_FLIGHT, inBatches } from '@/protocol/statement/batches';
import type { VerifyKey } from '@/protocol/statement/keys';
import { verifyTicketAsync } from '@/protocol/statement/ticket';
import { type Issued, type IssuingAgent, LANES, startIssuingAgent, TICKETS_PER_REQUEST } from './tickets/issuing-agent';

/** Rounds; each has tickets of its own, and the raw cost is measured right after ours. */
const ROUNDS = 5;
const REQUESTS_PER_LANE = 2;
const COUNT = LANES * REQUESTS_PER_LANE * TICKETS_PER_REQUEST;

type Round = { issue: number; byTls: number; sign: number; verify: number; rawVerify: number; grant: number };

/**
 * Tickets a second, each case against bare Ed25519 on the same bytes with as many in flight, in the same run:
 *
 * - `issue`: the agent's own path, in this process: idempotency, locks, books, judging, signing, and each ticket committed to
 *   disk before it is handed out. Requests for 1,000 nodes, three under way at once.
 * - `issue-tls`: the same through the agent's process, with mutual TLS, JSON and schemas of both sides.
 * - `verify`: as a node does: strict decoding, signature, delegation chain, every rule; each ticket seen once. Its limit counts
 *   every signature that must be checked: each ticket's, and each node's delegation once a round.
 * - `grant-1000`: seconds for one request of 1,000 tickets through TLS, nothing else under way.
 */
export async function run() {
  const agent = await startIssuingAgent();
  try {
    await round(agent); // compiles both processes' code
    const rounds: Round[] = [];
    for (let i = 0; i < ROUNDS; i++) rounds.push(await round(agent));
    const of = (name: keyof Round) => median(rounds.map((one) => one[name]));
    return {
      rows: [
        row('issue', of('issue'), of('sign')),
        row('issue-tls', of('byTls'), of('sign')),
        row('verify', of('verify'), of('rawVerify')),
        { case: 'grant-1000', value: of('grant') / 1000, unit: 's' },
      ],
    };
  } finally {
    await agent.stop();
  }
}

function row(name: string, value: number, limit: number) {
  return { case: name, value, unit: '1/s', limit, ratio: value / limit };
}

async function round(agent: IssuingAgent): Promise<Round> {
  await agent.settle();
  const tickets: Issued = [];
  const issue = await rate(async () => {
    tickets.push(...(await issueAll(agent.issueHere)));
  });
  if (tickets.length !== COUNT) throw new Error(`only ${tickets.length} of ${COUNT} tickets were issued`);
  const inputs = tickets.map(({ text }) => signedPart(text));
  const signed: { input: Buffer; signature: Buffer; key: VerifyKey }[] = [];
  const raw = await rate(async () => {
    const signatures = await inBatches(inputs, (input) => signRaw(agent, input), BATCH_IN_FLIGHT);
    signatures.forEach((signature, i) => {
      signed.push({ input: inputs[i] ?? Buffer.alloc(0), signature, key: agent.key });
    });
  });
  await agent.settle();
  const byTls = await rate(async () => {
    await issueAll(agent.issueByTls);
  });
  await agent.settle();
  const grant = await milliseconds(async () => {
    await agent.issueByTls(0);
  });
  // By node: a node sees its own delegation again and again, and verifies that once.
  tickets.sort((a, b) => (a.node < b.node ? -1 : 1));
  const verified = await rate(async () => {
    await inBatches(tickets, ({ node, text }) => verifyTicketAsync(text, agent.contextOf(node)), BATCH_IN_FLIGHT);
  });
  for (const node of new Set(tickets.map((one) => one.node))) {
    const { text, key } = agent.delegationOf(node);
    signed.push({ input: signedPart(text), signature: signatureOf(text), key });
  }
  const rawVerify = await rate(async () => {
    await inBatches(signed, verifyRaw, BATCH_IN_FLIGHT);
  });
  return { issue, sign: raw, byTls, verify: verified, rawVerify, grant };
}

/** A round's requests; each lane sends its next when it has the answer. */
async function issueAll(issue: (lane: number) => Promise<Issued>): Promise<Issued> {
  const lanes = Array.from({ length: LANES }, async (_, lane) => {
    const all: Issued = [];
    for (let i = 0; i < REQUESTS_PER_LANE; i++) all.push(...(await issue(lane)));
    return all;
  });
  return (await Promise.all(lanes)).flat();
}

function signedPart(text: string): Buffer {
  return Buffer.from(text.slice(0, text.lastIndexOf('.')));
}

function signatureOf(text: string): Buffer {
  return Buffer.from(text.slice(text.lastIndexOf('.') + 1), 'base64url');
}

function signRaw(agent: IssuingAgent, input: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) =>
    sign(null, input, agent.key.privateKey, (err, made) => (err ? reject(err) : resolve(made))),
  );
}

function verifyRaw({ input, signature, key }: { input: Buffer; signature: Buffer; key: VerifyKey }): Promise<void> {
  return new Promise((resolve, reject) => {
    verify(null, input, key.publicKey, signature, (err, holds) =>
      err || !holds ? reject(err ?? new Error('does not hold')) : resolve(),
    );
  });
}

/** A round's tickets a second. */
async function rate(work: () => Promise<void>): Promise<number> {
  return (COUNT / (await milliseconds(work))) * 1000;
}

async function milliseconds(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
