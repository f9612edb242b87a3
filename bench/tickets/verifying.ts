import { BATCH_IN_FLIGHT, inBatches } from '@/protocol/statement/batches';
import { generateIdentityKey, type IdentityKey } from '@/protocol/statement/keys';
import { signChild } from '@/protocol/statement/pass-on';
import { signStatement } from '@/protocol/statement/sign';
import { type TicketVerifyContext, verifyTicketAsync } from '@/protocol/statement/ticket';
import { statementWorld } from '@/test/statements';
import { type Cost, cost, cpuOfEach, medianCost, perSecond, type Signed, signedOf, verifyRaw } from './measure';

const ROUNDS = 5;
/** In a round and case, ours and bare. */
const SIGNATURES = 3_000;

/**
 * Tickets whose every link was never seen, a chain of its own each, of so many links: strict decoding, all signatures, every rule.
 * Against bare Ed25519 on the very same bytes and keys, with as many signatures in flight.
 */
export async function verifyChains(lengths: readonly number[]) {
  const rows = [];
  for (const links of lengths) {
    const count = Math.floor(SIGNATURES / (links + 1));
    const [ours, raw]: [Cost[], Cost[]] = [[], []];
    for (let round = 0; round <= ROUNDS; round++) {
      const { tickets, signatures, context } = coldTickets(count, links);
      const tries = Math.max(1, Math.floor(BATCH_IN_FLIGHT / (links + 1)));
      const mine = await cost(async () => {
        await inBatches(tickets, (text) => verifyTicketAsync(text, context), tries);
      });
      const bare = await cost(async () => {
        await inBatches(signatures, verifyRaw, tries * (links + 1));
      });
      if (round === 0) continue; // compiles
      ours.push(mine);
      raw.push(bare);
    }
    const name = `verify-chain-${links}`;
    rows.push(perSecond(name, count, medianCost(ours), medianCost(raw)));
    rows.push(cpuOfEach(`${name}-cpu`, count, medianCost(ours), medianCost(raw)));
  }
  return rows;
}

/** Tickets of one node with a chain of its own each, and all that Ed25519 has to check of them. */
export function coldTickets(count: number, links: number) {
  const world = statementWorld(Date.now());
  const tickets: string[] = [];
  const signatures: Signed[] = [];
  for (let i = 0; i < count; i++) {
    const { chain, signers, issuer } = coldChain(world, links);
    const text = signStatement('ticket+jwt', { ...world.ticketClaims({ chain }), iss: issuer.jkt }, issuer);
    tickets.push(text);
    for (const [at, link] of chain.entries()) signatures.push(signedOf(link, signers[at] ?? issuer));
    signatures.push(signedOf(text, issuer));
  }
  const context: TicketVerifyContext = world.context;
  return { tickets, signatures, context, world };
}

/** A chain that nobody saw before, with keys of its own. */
export function coldChain(world: ReturnType<typeof statementWorld>, links: number) {
  const signers: IdentityKey[] = [world.keys.node];
  let issuer = generateIdentityKey();
  const root = world.delegation({ grantee: issuer.jwk });
  const chain = [root];
  const { nbf, exp, rights, degreeMilli, granteeUrn } = world.delegationClaims();
  while (chain.length < links) {
    const to = generateIdentityKey();
    signers.push(issuer);
    chain.push(signChild(chain, { grantee: to.jwk, granteeUrn, rights, degreeMilli, nbf, exp }, issuer).text);
    issuer = to;
  }
  return { chain, signers, issuer };
}
