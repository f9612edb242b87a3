import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Refused } from '@/core/errors';
import { type TicketVerifyContext, verifyTicket } from '@/protocol/statement/ticket';
import { world } from '@/test/attacks/attack';
import { CHAIN_ATTACKS } from '@/test/attacks/chains';
import { CLAIM_ATTACKS } from '@/test/attacks/claims';
import { payloadOf, signedAs } from '@/test/attacks/forge';
import { WIRE_ATTACKS } from '@/test/attacks/wire';
import { median, verifyRaw } from './measure';
import { coldChain, coldTickets } from './verifying';

type Try = { name: string; make: () => string; context: TicketVerifyContext };

const EACH = 15;
const WORST_AGAIN = 300;

/**
 * The statement that takes a node the longest to refuse: every attack of the table, and the worst that we could make besides, the
 * statements of each made anew, so that no cache knows them. In ms, the median of the worst one; and what so many of it leave
 * behind in memory, in MiB: the caches that they fill are bounded.
 */
export async function refuseWorst() {
  let worst = { name: '', ms: 0 };
  const tries = [...ofTable(), ...constructed()];
  for (const one of tries) {
    const ms = median(timesOf(one, EACH));
    if (ms > worst.ms) worst = { name: one.name, ms };
  }
  const again = tries.find((one) => one.name === worst.name);
  if (!again) throw new Error('nothing was refused');
  const before = retained();
  const ms = median(timesOf(again, WORST_AGAIN));
  const memory = (retained() - before) / 2 ** 20;
  const { signatures } = coldTickets(20, 8);
  const from = performance.now();
  for (const one of signatures) await verifyRaw(one);
  const bare = ((performance.now() - from) / signatures.length) * 9;
  console.log(`the worst to refuse: ${worst.name}`);
  return [
    { case: 'refuse-worst', value: ms, unit: 'ms', limit: bare, ratio: bare / ms },
    { case: 'refuse-worst-memory', value: Math.max(0, memory), unit: 'MiB' },
  ];
}

/** How long each refusal took, in ms. */
function timesOf({ name, make, context }: Try, count: number): number[] {
  const texts = Array.from({ length: count }, make);
  return texts.map((text) => {
    const from = performance.now();
    try {
      verifyTicket(text, context);
    } catch (err) {
      if (err instanceof Refused) return performance.now() - from;
      throw err;
    }
    throw new Error(`taken: ${name}`);
  });
}

function ofTable(): Try[] {
  return [...WIRE_ATTACKS, ...CLAIM_ATTACKS, ...CHAIN_ATTACKS].flatMap(({ attacks }) =>
    attacks.map(({ name, make, over }) => ({ name, make, context: { ...world.context, ...over?.() } })),
  );
}

/** Eight links that hold, all of them new, under what is refused only at the very end; as large as is read, and written as it takes longest to read. */
function constructed(): Try[] {
  const eight = () => {
    const { chain, issuer } = coldChain(world, 8);
    return { claims: { ...world.ticketClaims({ chain }), iss: issuer.jkt }, issuer };
  };
  const broken = (text: string) => `${text.slice(0, -4)}${text.at(-4) === 'A' ? 'B' : 'A'}${text.slice(-3)}`;
  const escaped = (json: string) =>
    json.replace(
      /"sub":"(.{8})/,
      (_, some: string) => `"sub":"${[...some].map((c) => `\\u00${c.charCodeAt(0).toString(16)}`).join('')}`,
    );
  const filled = () => {
    const { claims, issuer } = eight();
    const room = Math.floor((32_768 - 400) * (3 / 4)) - JSON.stringify(claims).length - 20;
    return { claims: { ...claims, clears: ['c'.repeat(Math.max(1, room))] }, issuer };
  };
  const made: [string, () => string][] = [
    ['eight new links, and a ticket whose signature does not hold', () => {
      const { claims, issuer } = eight();
      return broken(signedAs('ticket+jwt', claims, issuer));
    }],
    ['the same for another node', () => {
      const { claims, issuer } = eight();
      return signedAs('ticket+jwt', { ...claims, aud: `${claims.aud}x` }, issuer);
    }],
    ['the same, with an escape that keeps it from being read fast', () => {
      const { claims, issuer } = eight();
      return broken(signedAs('ticket+jwt', escaped(JSON.stringify(claims)), issuer));
    }],
    ['the same, as large as is read', () => {
      const { claims, issuer } = filled();
      return broken(signedAs('ticket+jwt', escaped(JSON.stringify(claims)), issuer));
    }],
    ['24 KB of escapes', () => signedAs('ticket+jwt', payloadOf(world.ticket()).replace('"sub":"', `"sub":"${'\\u0061'.repeat(3_500)}`), world.keys.agent)],
    ['24 KB of members', () => signedAs('ticket+jwt', `{${Array.from({ length: 2_400 }, (_, i) => `"x${i}":0`).join()}}`, world.keys.agent)],
    ['24 KB of numbers', () => signedAs('ticket+jwt', `{"x":[${Array.from({ length: 4_000 }, (_, i) => i).join()}, 1]}`, world.keys.agent)],
    ['a number of 20,000 digits', () => signedAs('ticket+jwt', `{"x":${'7'.repeat(20_000)}}`, world.keys.agent)],
  ]; // biome-ignore format: a table
  return made.map(([name, make]) => ({ name, make, context: world.context }));
}

/** Bytes that are held after all that can go has gone. */
function retained(): number {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
