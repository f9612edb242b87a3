import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { REFUSAL_CODES, type RefusalCode, type RefusalFacts } from './errors';
import { REFUSAL_MAP } from './errors-map';
import { sentence } from './refusal-sentence';

const NODE = 'urn:publicid:IDN+meridian:lab+node+node3.tokyo';
const NORTH = 'urn:publicid:IDN+meridian+authority+am.north';
/** Facts as the code's users give them; what is missing here is given none. */
const FACTS: Partial<Record<RefusalCode, RefusalFacts>> = {
  INVALID_INPUT: { field: 'nodes', problem: 'ask for at least one.' },
  NOT_ALLOWED: { permission: 'approve requests' },
  NOT_FOUND: { kind: 'slice', id: 'lab_tides' },
  RATE_LIMITED: { retryAfterSeconds: 90 },
  OVER_QUOTA: { resource: 'memoryMiB', wants: 4096, used: 1024, quota: 4096 },
  TERM_TOO_LONG: { askedSeconds: 86_400 * 90, maxSeconds: 86_400 * 56 },
  WRONG_STATE: { kind: 'slice', id: 'lab_tides', state: 'deleted', needs: 'active or degraded' },
  NOT_ENOUGH_NODES: { wants: 1448, matching: 1012 },
  EXPIRED: { expiredAt: '2026-01-15T14:00:00.000Z', now: '2026-01-15T15:00:00.000Z', skewSeconds: 300 },
  EXCEEDS_PARENT: { what: 'memoryMiB', child: 9000, parent: 8192 },
  POLICY_DENIED: { policy: 'quota', site: 'lab', resource: 'slivers', holds: 40, each: 50, wants: 1, agent: NORTH },
  AGENT_CLOSED: { agent: NORTH, adminSwitch: 'draining' },
  NODE_FULL: {
    node: NODE,
    resource: 'memoryMiB',
    wants: 2048,
    free: 512,
    capacity: 4096,
    until: '2026-01-15T14:00:00.000Z',
  },
  NODE_UNREACHABLE: { node: NODE, cause: 'no heartbeat.', lastSeen: '2026-01-14T09:05:00.000Z' },
  DELEGATION_SPENT: { node: NODE, resource: 'cpuMilli', wants: 2000, free: 500, degreeMilli: 1000 },
  START_TIMEOUT: { node: NODE, afterSeconds: 150 },
  IMAGE_UNKNOWN: { image: 'plan9', offers: ['tiny', 'debian'] },
  LEAVES_WHEN_BACK: { node: NODE, leaseEndsAt: '2026-02-01T00:00:00.000Z' },
};
const NOW = Date.UTC(2026, 0, 15, 9);

/** What UI.md asks of a sentence, and what a missing fact must not leave behind. */
function readsWell(text: string) {
  expect(text).toMatch(/^[A-Z0-9a-z“]/);
  expect(text).toMatch(/[.]$/);
  expect(text).not.toMatch(/undefined|null|NaN|\[object|Infinity|\{|\}/);
  expect(text).not.toMatch(/ {2}| [.,;:)]|\( |\.\.|!|:\.|,\.|\(\)/);
}

describe.each(REFUSAL_CODES)('%s', (code) => {
  test('has a sentence that reads well, with its facts and without any', () => {
    for (const facts of [FACTS[code] ?? {}, {}]) {
      const text = sentence({ code, facts }, NOW);
      readsWell(text);
      expect(text).toMatch(/^[A-Z]|^node3/);
      expect(text).not.toContain(code);
      expect(text).not.toContain('urn:');
      expect(text.length).toBeLessThan(400);
    }
  });

  test('survives any facts', () => {
    const value = fc.oneof(
      fc.string(),
      fc.double(),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.array(fc.string()),
    );
    const names =
      'field problem permission kind id name state needs resource wants used quota free capacity until node cause lastSeen matching by endedAt offers';
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names.split(' ')), value, { noNullPrototype: true }), (facts) => {
        const text = sentence({ code, facts });
        expect(text.length).toBeLessThan(2000);
        expect(text).not.toMatch(/undefined|\[object/);
      }),
      { numRuns: 50 },
    );
  });

  test('is in the table of surfaces', () => {
    const { http, exit } = REFUSAL_MAP[code];
    expect(http).toBeGreaterThanOrEqual(400);
    expect(exit).toBeGreaterThanOrEqual(64);
    expect(exit).toBeLessThanOrEqual(78);
  });
});

test.each<[RefusalCode, string]>([
  [
    'NODE_FULL',
    'node3.tokyo is full. It has 512 of the 2,048 MiB of memory you asked for until 14:00 UTC. Pick another node or ask for less.',
  ],
  [
    'TERM_TOO_LONG',
    'The term is too long: you asked for 90 days, and at most 56 days is allowed. Ask for a shorter one; you can renew it later.',
  ],
  [
    'NODE_UNREACHABLE',
    'node3.tokyo cannot be reached (no heartbeat); it was last seen at 09:05 UTC on 14 Jan 2026. Pick another node, or try again later.',
  ],
  [
    'NOT_ENOUGH_NODES',
    'Too few nodes fit what you ask for: you want 1,448, and 1,012 match. Ask for fewer nodes, smaller slivers, or more countries.',
  ],
  [
    'DELEGATION_SPENT',
    'Too little is left of what node3.tokyo let this agent give out: 0.5 of the 2 cores of CPU you asked for. Pick another node or ask for less.',
  ],
  ['IMAGE_UNKNOWN', 'The node has no image plan9. It offers tiny, debian. Choose one that it has.'],
  [
    'POLICY_DENIED',
    'The site lab holds 40 of the 50 slivers that this agent’s policy gives it. Release some, pick nodes that another agent offers, or ask an operator for more. The agent am.north said so.',
  ],
  [
    'AGENT_CLOSED',
    'The agent am.north issues no tickets but renewals now: it is draining. Pick nodes that another agent offers, or ask an operator to open it.',
  ],
])('%s reads as written', (code, text) => {
  expect(sentence({ code, facts: FACTS[code] ?? {} }, NOW)).toBe(text);
});

test('a code that only a newer program knows is named as it is', () => {
  readsWell(sentence({ code: 'FROM_THE_FUTURE', facts: {} }));
  expect(sentence({ code: 'toString', facts: {} })).toContain('toString');
});
