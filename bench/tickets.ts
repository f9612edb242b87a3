import { sign, verify } from 'node:crypto';
import { BATCH_IN_FLIGHT, inBatches } from '@/protocol/statement/batches';
import { verifyTicketAsync } from '@/protocol/statement/ticket';
import { type IssuingAgent, startIssuingAgent, TICKETS_PER_REQUEST } from './tickets/issuing-agent';

/** Rounds; each has tickets of its own, and the raw cost is measured right after ours. */
const ROUNDS = 5;
const REQUESTS = 6;
/** Requests under way at once: one is signed while another is stored, as with several workers. */
const REQUESTS_IN_FLIGHT = 2;

type Round = { issue: number; sign: number; verify: number; rawVerify: number };

/**
 * Tickets a second: `issue` through a real agent process (TLS, locks, books, each ticket committed to disk before it is
 * handed out), `verify` as a node does (strict decoding, signature, delegation chain, every rule), each ticket seen once.
 * `limit` is bare Ed25519 on messages as long, with as many in flight, in the same run.
 */
export async function run() {
  const agent = await startIssuingAgent();
  try {
    await round(agent); // compiles both processes' code
    const rounds: Round[] = [];
    for (let i = 0; i < ROUNDS; i++) rounds.push(await round(agent));
    return {
      rows: [
        row('issue', median(rounds.map((r) => r.issue)), median(rounds.map((r) => r.sign))),
        row('verify', median(rounds.map((r) => r.verify)), median(rounds.map((r) => r.rawVerify))),
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
  const count = REQUESTS * TICKETS_PER_REQUEST;
  const tickets: { node: string; text: string }[] = [];
  const issue = await rate(count, async () => {
    const answers = await inBatches(Array.from({ length: REQUESTS }), () => agent.issue(), REQUESTS_IN_FLIGHT);
    for (const answer of answers) for (const one of answer) tickets.push(one);
  });
  // By node: a node sees its own delegation again and again, and verifies that once.
  tickets.sort((a, b) => (a.node < b.node ? -1 : 1));
  if (tickets.length !== count) throw new Error(`only ${tickets.length} of ${count} tickets were issued`);
  const inputs = tickets.map(({ text }) => Buffer.from(text.slice(0, text.lastIndexOf('.'))));
  const signatures: Buffer[] = [];
  const raw = await rate(count, async () => {
    signatures.push(...(await inBatches(inputs, (input) => signRaw(agent, input), BATCH_IN_FLIGHT)));
  });
  const verified = await rate(count, async () => {
    await inBatches(tickets, ({ node, text }) => verifyTicketAsync(text, agent.contextOf(node)), BATCH_IN_FLIGHT);
  });
  const rawVerify = await rate(count, async () => {
    const signed = inputs.map((input, i) => ({ input, signature: signatures[i] ?? Buffer.alloc(64) }));
    await inBatches(signed, ({ input, signature }) => verifyRaw(agent, input, signature), BATCH_IN_FLIGHT);
  });
  return { issue, sign: raw, verify: verified, rawVerify };
}

function signRaw(agent: IssuingAgent, input: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) =>
    sign(null, input, agent.rawKey.privateKey, (err, made) => (err ? reject(err) : resolve(made))),
  );
}

function verifyRaw(agent: IssuingAgent, input: Buffer, signature: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    verify(null, input, agent.rawKey.publicKey, signature, (err, holds) =>
      err || !holds ? reject(err ?? new Error('does not hold')) : resolve(),
    );
  });
}

async function rate(count: number, work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (count / (performance.now() - start)) * 1000;
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
