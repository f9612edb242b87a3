import { sign, verify } from 'node:crypto';
import { BATCH_IN_FLIGHT, inBatches } from '@/protocol/statement/batches';
import type { VerifyKey } from '@/protocol/statement/keys';
import { verifyTicketAsync } from '@/protocol/statement/ticket';
import { ownCpu } from './tickets/cpu';
import { type Issued, type IssuingAgent, LANES, startIssuingAgent, TICKETS_PER_REQUEST } from './tickets/issuing-agent';

/** Rounds; each has tickets of its own, and the raw cost is measured right after ours. */
const ROUNDS = 5;
const REQUESTS_PER_LANE = 2;
const COUNT = LANES * REQUESTS_PER_LANE * TICKETS_PER_REQUEST;

/** What a round's tickets took: wall time in ms, and CPU time in µs of this process (and of Postgres, for `issue`). */
type Cost = { ms: number; cpu: number };
type Round = { issue: Cost; byTls: Cost; sign: Cost; verify: Cost; rawVerify: Cost; grant: Cost };

/**
 * Tickets a second, each case against bare Ed25519 on the same bytes with as many in flight, in the same run:
 *
 * - `issue`: the agent's own path, in this process: idempotency, locks, books, judging, signing, and each ticket committed to
 *   disk before it is handed out. Requests for 1,000 nodes, three under way at once.
 * - `issue-tls`: the same through the agent's process, with mutual TLS, JSON and schemas of both sides.
 * - `verify`: as a node does: strict decoding, signature, delegation chain, every rule; each ticket seen once. Its limit counts
 *   every signature that must be checked: each ticket's, and each node's delegation once a round.
 * - `issue-cpu`, `verify-cpu`: the same work as CPU time per ticket, Postgres's included: what others do on the machine meanwhile
 *   takes wall time, and most from who has the fewest threads, but no CPU time.
 * - `grant-1000`: seconds for one request of 1,000 tickets through TLS, nothing else under way.
 */
export async function run() {
  const agent = await startIssuingAgent();
  try {
    await round(agent); // compiles both processes' code
    const rounds: Round[] = [];
    for (let i = 0; i < ROUNDS; i++) rounds.push(await round(agent));
    const of = (name: keyof Round): Cost => ({
      ms: median(rounds.map((one) => one[name].ms)),
      cpu: median(rounds.map((one) => one[name].cpu)),
    });
    return {
      rows: [
        perSecond('issue', of('issue'), of('sign')),
        perSecond('issue-tls', of('byTls'), of('sign')),
        cpuOfEach('issue-cpu', of('issue'), of('sign')),
        perSecond('verify', of('verify'), of('rawVerify')),
        cpuOfEach('verify-cpu', of('verify'), of('rawVerify')),
        { case: 'grant-1000', value: of('grant').ms / 1000, unit: 's' },
      ],
    };
  } finally {
    await agent.stop();
  }
}

function perSecond(name: string, ours: Cost, raw: Cost) {
  const [value, limit] = [(COUNT / ours.ms) * 1000, (COUNT / raw.ms) * 1000];
  return { case: name, value, unit: '1/s', limit, ratio: value / limit };
}

function cpuOfEach(name: string, ours: Cost, raw: Cost) {
  return { case: name, value: ours.cpu / COUNT, unit: 'µs', limit: raw.cpu / COUNT, ratio: raw.cpu / ours.cpu };
}

async function round(agent: IssuingAgent): Promise<Round> {
  await agent.settle();
  const postgres = await agent.postgresCpu();
  const issue = await cost(async () => {
    await issueAll(agent.issueHere, () => {}); // the agent keeps no answers either
  });
  issue.cpu += (await agent.postgresCpu()) - postgres;
  await agent.settle();
  const tickets: Issued = [];
  const byTls = await cost(async () => {
    await issueAll(agent.issueByTls, (issued) => tickets.push(...issued));
  });
  const inputs = tickets.map(({ text }) => signedPart(text));
  const signed: { input: Buffer; signature: Buffer; key: VerifyKey }[] = [];
  const raw = await cost(async () => {
    const signatures = await inBatches(inputs, (input) => signRaw(agent, input), BATCH_IN_FLIGHT);
    signatures.forEach((signature, i) => {
      signed.push({ input: inputs[i] ?? Buffer.alloc(0), signature, key: agent.key });
    });
  });
  await agent.settle();
  const grant = await cost(async () => {
    await agent.issueByTls(0);
  });
  // By node: a node sees its own delegation again and again, and verifies that once.
  tickets.sort((a, b) => (a.node < b.node ? -1 : 1));
  const verified = await cost(async () => {
    await inBatches(tickets, ({ node, text }) => verifyTicketAsync(text, agent.contextOf(node)), BATCH_IN_FLIGHT);
  });
  for (const node of new Set(tickets.map((one) => one.node))) {
    const { text, key } = agent.delegationOf(node);
    signed.push({ input: signedPart(text), signature: signatureOf(text), key });
  }
  const rawVerify = await cost(async () => {
    await inBatches(signed, verifyRaw, BATCH_IN_FLIGHT);
  });
  return { issue, sign: raw, byTls, verify: verified, rawVerify, grant };
}

/** A round's requests; each lane sends its next when it has the answer. Refuses answers that lack tickets. */
async function issueAll(issue: (lane: number) => Promise<Issued>, take: (issued: Issued) => unknown): Promise<void> {
  const lanes = Array.from({ length: LANES }, async (_, lane) => {
    for (let i = 0; i < REQUESTS_PER_LANE; i++) {
      const issued = await issue(lane);
      if (issued.length !== TICKETS_PER_REQUEST) throw new Error(`only ${issued.length} tickets were issued`);
      take(issued);
    }
  });
  await Promise.all(lanes);
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

async function cost(work: () => Promise<void>): Promise<Cost> {
  const [start, cpu] = [performance.now(), ownCpu()];
  await work();
  return { ms: performance.now() - start, cpu: ownCpu() - cpu };
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
