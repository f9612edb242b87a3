import { BATCH_IN_FLIGHT, inBatches } from '@/protocol/statement/batches';
import { verifyTicketAsync } from '@/protocol/statement/ticket';
import { type Issued, type IssuingAgent, LANES, startIssuingAgent, TICKETS_PER_REQUEST } from './tickets/issuing-agent';
import {
  type Cost,
  cost,
  cpuOfEach,
  medianCost,
  perSecond,
  type Signed,
  signedOf,
  signedPart,
  signRaw,
  verifyRaw,
} from './tickets/measure';

import { refuseWorst } from './tickets/refusing';
import { verifyChains } from './tickets/verifying';

/** Rounds; each has tickets of its own, and the raw cost is measured right after ours. */
const ROUNDS = 5;
const REQUESTS_PER_LANE = 2;
const COUNT = LANES * REQUESTS_PER_LANE * TICKETS_PER_REQUEST;

type Round = { issue: Cost; byTls: Cost; sign: Cost; verify: Cost; rawVerify: Cost; grant: Cost };

/**
 * Tickets a second, each case against bare Ed25519 on the same bytes with as many in flight, in the same run:
 *
 * - `issue`: the agent's own path, in this process: idempotency, locks, books, judging, signing, and each ticket committed to
 *   disk before it is handed out. Requests for 1,000 nodes, three under way at once.
 * - `issue-tls`: the same through the agent's process, with mutual TLS, JSON and schemas of both sides.
 * - `verify`: as a node does: strict decoding, signature, delegation chain, every rule; each ticket seen once. Its limit counts
 *   every signature that must be checked: each ticket's, and each node's delegation once a round.
 * - `verify-chain-1`, `-3`, `-8`: the same where nothing was ever seen: every ticket with a chain of its own, all keys and links new.
 * - `refuse-worst`: ms for the worst statement to refuse that we know, found among the table of attacks and what we could make; `-memory`:
 *   what hundreds of them leave behind.
 * - `…-cpu`: the same work as CPU time per ticket, Postgres's included: what others do on the machine meanwhile
 *   takes wall time, and most from who has the fewest threads, but no CPU time.
 * - `grant-1000`: seconds for one request of 1,000 tickets through TLS, nothing else under way.
 */
export async function run() {
  const agent = await startIssuingAgent();
  try {
    await round(agent); // compiles both processes' code
    const rounds: Round[] = [];
    for (let i = 0; i < ROUNDS; i++) rounds.push(await round(agent));
    const of = (name: keyof Round) => medianCost(rounds.map((one) => one[name]));
    return {
      rows: [
        perSecond('issue', COUNT, of('issue'), of('sign')),
        perSecond('issue-tls', COUNT, of('byTls'), of('sign')),
        cpuOfEach('issue-cpu', COUNT, of('issue'), of('sign')),
        perSecond('verify', COUNT, of('verify'), of('rawVerify')),
        cpuOfEach('verify-cpu', COUNT, of('verify'), of('rawVerify')),
        ...(await verifyChains([1, 3, 8])),
        ...(await refuseWorst()),
        { case: 'grant-1000', value: of('grant').ms / 1000, unit: 's' },
      ],
    };
  } finally {
    await agent.stop();
  }
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
  const signed: Signed[] = [];
  const raw = await cost(async () => {
    const signatures = await inBatches(inputs, (input) => signRaw(agent.key, input), BATCH_IN_FLIGHT);
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
    signed.push(signedOf(text, key));
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
