import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Refused } from '@/core/errors';
import { checkWords } from '@/core/node/check-words';
import { OPEN_POLICY, type OwnerPolicy } from '@/core/node/owner-policy';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import { codeOf, manager, SLICE, start, ticket } from '../testing/local-node';

/** A policy that a test changes as an owner would. */
function policySource() {
  return {
    current: OPEN_POLICY as OwnerPolicy,
    problem: null,
    onChange: null as (() => void) | null,
    close: () => {},
    set(more: Partial<OwnerPolicy>) {
      this.current = { ...this.current, ...more };
      this.onChange?.();
    },
  };
}

const slice = (n: number) => `urn:publicid:IDN+meridian:lab+slice+lab_s${n}`;
const act = fc.record({
  slice: fc.nat(8),
  cpuMilli: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 1200 })),
  memoryMiB: fc.integer({ min: 64, max: 500 }),
  startIn: fc.integer({ min: -600, max: 5000 }),
  duration: fc.integer({ min: 60, max: 5000 }),
  grace: fc.constantFrom(0, 600),
  image: fc.constantFrom('tiny', 'tiny', 'tiny', 'tiny', 'none'),
  policy: fc.option(
    fc.constantFrom<Partial<OwnerPolicy>>(
      OPEN_POLICY,
      { maxSlivers: 1 },
      { maxTermSeconds: 4000 },
      { slices: { allow: [], bar: ['*_s1'] } },
      { reserve: { ...OPEN_POLICY.reserve, cpuMilli: 400 } },
      { adminSwitch: 'draining' },
    ),
    { freq: 3 },
  ),
  release: fc.boolean(),
});

test('says that it fits exactly when a ticket of the same contents is redeemed at that instant', async () => {
  const seen: Record<string, number> = {};
  let journals = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 40, maxLength: 40 }), async (acts) => {
      const now = Date.now();
      const policy = policySource();
      const { node, service } = await start(`journal-${journals++}`, () => now, policy);
      for (const a of acts) {
        if (a.policy) policy.set(a.policy);
        const at = Math.floor(now / 1000) + a.startIn;
        const { cpuMilli, memoryMiB, image } = a;
        const resources = { ...DEFAULT_RESOURCES, cpuMilli, memoryMiB, image };
        const wish = { slice: slice(a.slice), resources, start: at, graceSeconds: a.grace };
        const answer = await service.check(manager, { ...wish, durationSeconds: a.duration });
        if (a.startIn + a.duration > 0 && cpuMilli <= 1000) {
          const text = ticket({ ...wish, end: at + a.duration }, now);
          const outcome = await codeOf(service.redeem(manager, { ticket: text }));
          expect(outcome).toBe(answer.reason?.code ?? 'done');
          expect(answer.fits).toBe(outcome === 'done');
        }
        const said = answer.reason?.code ?? 'fits';
        seen[said] = (seen[said] ?? 0) + 1;
        const held = [...node.state.leases.values()].find((lease) => lease.slice === wish.slice);
        if (a.release && held) await node.end(held, 'released');
        if (answer.fits || a.release) continue;
        // What it says would fit, fits; and not before it says so.
        if (answer.room) {
          const less = { ...wish, resources: { ...resources, ...answer.room } };
          expect((await service.check(manager, { ...less, durationSeconds: a.duration })).fits).toBe(true);
        }
        if (answer.earliest) {
          const from = Math.ceil(Date.parse(answer.earliest) / 1000);
          const again = await service.check(manager, { ...wish, start: from, durationSeconds: a.duration });
          expect(again.reason).toBeNull();
          if (from - 1 < Math.max(at, Math.floor(now / 1000))) continue;
          const before = await service.check(manager, { ...wish, start: from - 1, durationSeconds: a.duration });
          expect(before.fits).toBe(false);
        }
      }
    }),
    { numRuns: 12, endOnFailure: true },
  );
  for (const code of ['fits', 'NODE_FULL', 'TOO_MANY_SLIVERS', 'BARRED_BY_OWNER', 'ALREADY_LEASED', 'TERM_TOO_LONG'])
    expect(seen[code] ?? 0, code).toBeGreaterThan(1);
}, 60_000);

test('the owner’s word holds at once, for renewals too, and never breaks a lease that exists', async () => {
  const policy = policySource();
  const { node, service } = await start('journal', Date.now, policy);
  const began = Math.floor(Date.now() / 1000);
  const first = ticket({ start: began });
  const { jti } = await import('@/protocol/statement/verify').then(
    ({ decodeUnverified }) => decodeUnverified('ticket+jwt', first).claims,
  );
  await service.redeem(manager, { ticket: first });
  const renewal = (seconds: number) =>
    service.renew(manager, {
      ticket: ticket({ start: began, replaces: jti, end: Math.floor(Date.now() / 1000) + seconds }),
    });
  const refusal = async (call: Promise<unknown>) => {
    const err = await call.catch((e: unknown) => e);
    return err instanceof Refused ? err.reason : err;
  };
  policy.set({ reserve: { ...OPEN_POLICY.reserve, cpuMilli: 990 } });
  expect(node.capacity.cpuMilli).toBe(10);
  expect((await service.slivers(manager)).slivers.length).toBe(1);
  expect((await service.status(manager)).free.cpuMilli).toBe(0);
  expect((await refusal(renewal(7200))) as object).toMatchObject({ code: 'NODE_FULL', facts: { capacity: 10 } });
  policy.set({ reserve: OPEN_POLICY.reserve, sites: { allow: [], bar: ['lab'] } });
  expect(await refusal(renewal(7200))).toMatchObject({
    code: 'BARRED_BY_OWNER',
    facts: { what: 'site', slice: SLICE },
  });
  policy.set({ sites: { allow: [], bar: [] }, maxTermSeconds: 5000 });
  expect(await refusal(renewal(7200))).toMatchObject({ code: 'TERM_TOO_LONG', facts: { maxSeconds: 5000 } });
  policy.set({ maxTermSeconds: null, adminSwitch: 'closed' });
  expect(await refusal(renewal(7200))).toMatchObject({ code: 'NODE_CLOSED', facts: { adminSwitch: 'closed' } });
  policy.set({ adminSwitch: 'open', maxSlivers: 1 });
  expect(await codeOf(renewal(7200))).toBe('done'); // its own place is its own
  expect(await refusal(service.redeem(manager, { ticket: ticket({ slice: slice(2) }) }))).toMatchObject({
    code: 'TOO_MANY_SLIVERS',
    facts: { held: 1, max: 1 },
  });
});

test('reads as sentences', async () => {
  const { service } = await start();
  const now = Math.floor(Date.now() / 1000);
  await service.redeem(manager, { ticket: ticket({ end: now + 3600 }) });
  const resources = { ...DEFAULT_RESOURCES, memoryMiB: 1000 };
  const answer = await service.check(manager, { resources, durationSeconds: 600, graceSeconds: 0 });
  const [why, when, most] = checkWords(answer, Date.now());
  expect(why).toMatch(/^n is full\. It has 896 of the 1,000 MiB of memory you asked for until .* UTC\./);
  expect(when).toMatch(/^It would fit for as long from .* UTC on\.$/);
  expect(most).toMatch(/^Over that time there is room for at most 0\.9 cores of CPU, 896 MiB of memory, /);
});
