import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { run } from '@/cli/program';
import { CAPACITY, manager, rooted, SLICE, start, ticket } from '@/node-manager/testing/local-node';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import { generateIdentityKey } from '@/protocol/statement/keys';
import type { DelegationClaims } from '@/protocol/statement/schemas';
import { decodeUnverified } from '@/protocol/statement/verify';

// What a person does with what a node signed: a node in this process, the command line, and files.
const data = mkdtempSync(join(tmpdir(), 'meridian-proofs-'));
afterAll(() => rmSync(data, { recursive: true }));
afterEach(() => {
  process.exitCode = undefined;
  vi.unstubAllEnvs();
});

async function meridian(...argv: string[]) {
  vi.stubEnv('MERIDIAN_DATA', join(data, 'empty'));
  const said = { out: '', err: '' };
  const into = (name: keyof typeof said) => (text: string) => {
    said[name] += text;
  };
  await run(argv, { out: into('out'), err: into('err') });
  const exit = process.exitCode ?? 0;
  process.exitCode = undefined;
  return { ...said, exit };
}

let files = 0;
function fileOf(content: unknown): string {
  const path = join(data, `${files++}.json`);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

/** Three tickets for half of a node each, under one link: two are leased, the third is refused, and its proof is a file. */
async function refused(root: Partial<DelegationClaims> = {}) {
  const local = await start();
  const chain = [rooted(root)];
  const resources = { ...DEFAULT_RESOURCES, memoryMiB: CAPACITY.memoryMiB / 2 };
  const [one, two, three] = ['a', 'b', 'c'].map((name) => ticket({ slice: `${SLICE}_${name}`, chain, resources }));
  const leases = [];
  for (const text of [one ?? '', two ?? '']) leases.push(await local.service.redeem(manager, { ticket: text }));
  await expect(local.service.redeem(manager, { ticket: three ?? '' })).rejects.toMatchObject({ code: 'NODE_FULL' });
  const { iss, jti } = decodeUnverified('ticket+jwt', three ?? '').claims;
  const { proof } = await local.service.refusal(manager, { iss, jti });
  if (!proof) throw new Error('no proof');
  return { file: fileOf(proof), proof, key: local.node.o.key, ticket: three ?? '', lease: leases[0]?.lease ?? '' };
}

describe('meridian verify', () => {
  test('names whoever promised more than it had, with the statements that prove it; exit code 1', async () => {
    const { file, proof, key } = await refused();
    const { out, exit } = await meridian('verify', file, '--node-key', key.jkt);
    expect(exit).toBe(1);
    expect(out).toContain('the one that you trust');
    expect(out).toContain('1,536 MiB of memory');
    expect(out).toContain('of 1,024 MiB that it might: OVER-ISSUED');
    expect(out).toMatch(/Promised more than was given to them: urn:publicid:IDN\+meridian\+authority\+am\./);
    for (const text of [...proof.held, proof.ticket])
      expect(out).toContain(decodeUnverified('ticket+jwt', text).claims.jti);
    const document = JSON.parse((await meridian('verify', file, '--json')).out);
    expect(document.lines).toMatchObject([{ over: { excess: { issued: 1536, limit: 1024 } } }]);
  });

  test('names nobody where the link may be oversubscribed, and says that it may; exit code 0', async () => {
    const { file } = await refused({ degreeMilli: 2000 });
    const { out, exit } = await meridian('verify', file);
    expect(exit).toBe(0);
    expect(out).toContain('Nobody who signed here promised more than was given to them.');
    expect(out).toContain('oversubscribed up to 2×');
    expect(out).toContain('give --node-key to be sure');
  });

  test.each([
    ['another node’s key', (p: Proof) => p],
    ['no JSON', () => '{'],
    ['another format', (p: Proof) => ({ ...p, format: 'x' })],
    ['a ticket too many characters', (p: Proof) => ({ ...p, held: ['x'.repeat(40_000)] })],
    ['a changed refusal', (p: Proof) => ({ ...p, refusal: `${p.refusal.slice(0, -6)}AAAAAA` })],
  ])('refuses %s with its exact fault', async (what, change) => {
    const { proof } = await refused();
    const more = what.startsWith('another node') ? ['--node-key', generateIdentityKey().jkt] : [];
    const { err, out, exit } = await meridian('verify', fileOf(change(proof)), ...more);
    expect(exit).toBeGreaterThan(1);
    expect(out).toBe('');
    expect(err).toMatch(/\w+/);
  });

  test('a file that is not there, and one that is too large', async () => {
    expect((await meridian('verify', join(data, 'none'))).exit).toBe(66);
    expect((await meridian('verify', fileOf('x'.repeat(9_000_000)))).exit).toBe(65);
  });
});

describe('meridian inspect', () => {
  test('decodes a ticket with its chain and says what holds, and what cannot be known', async () => {
    const { ticket: text, key } = await refused();
    const unsure = await meridian('inspect', text);
    expect(unsure.exit).toBe(0);
    expect(unsure.out).toContain('512 MiB memory');
    expect(unsure.out).toContain('ok: holds under the key that link 1 passes on to');
    expect(unsure.out).toMatch(/\?: signed, it says, by key .{43}; without --node-key nobody can say/);
    const sure = await meridian('inspect', fileOf(`${text}\n`), '--node-key', key.jwk.x);
    expect(sure.out).toContain('ok: holds under the node’s key that you trust');
    expect(sure.out).toContain('ok: each link narrows the one before');
    const wrong = await meridian('inspect', text, '--node-key', generateIdentityKey().jwk.x);
    expect([wrong.exit, wrong.out]).toEqual([1, expect.stringContaining('WRONG: signed by key')]);
  });

  test('decodes leases, delegations and receipts; --json is for programs', async () => {
    const { lease, proof, key } = await refused();
    expect((await meridian('inspect', lease, '--node-key', key.jwk.x)).out).toContain('ok: holds');
    expect((await meridian('inspect', rooted())).out).toContain('not oversubscribed');
    const receipt = JSON.parse((await meridian('inspect', proof.refusal, '--json')).out);
    expect(receipt).toMatchObject({
      type: 'receipt+jwt',
      claims: { kind: 'refused', code: 'NODE_FULL' },
      signature: { verdict: 'unknown' },
    });
  });

  test.each([
    ['x'.repeat(100), 66],
    [`${'e30'.repeat(60)}.e30.${'A'.repeat(86)}`, 65],
    [
      `${btoa('{"alg":"none","typ":"ticket+jwt","kid":""}').replaceAll('=', '')}.${'e30'.repeat(40)}.${'A'.repeat(86)}`,
      65,
    ],
  ])('says what is wrong with %.30s…', async (text, exit) => {
    const said = await meridian('inspect', text);
    expect([said.exit, said.out]).toEqual([exit, '']);
    expect(said.err).not.toBe('');
  });

  test('a changed character is found', async () => {
    const { ticket: text } = await refused();
    const { out, exit } = await meridian('inspect', `${text.slice(0, -10)}AAAAAAAAA${text.slice(-1)}`);
    expect([exit, out]).toEqual([1, expect.stringContaining('WRONG')]);
  });
});

type Proof = Awaited<ReturnType<typeof refused>>['proof'];
