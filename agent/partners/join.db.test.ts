import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { caFingerprint } from '@/protocol/pki/certificate';
import { joinChallenge, partnerChallenge, proveChallenge } from '@/protocol/pki/challenge';
import { agentUrn, partnerUrn, serviceManagerUrn } from '@/protocol/pki/names';
import { generateIdentityKey, type IdentityKey } from '@/protocol/statement/keys';
import { agentClient, anonymousAgentClient, closeClients } from '@/protocol/transport/client';
import { PartnerIdentity } from '@/protocol/transport/partner-identity';
import { testDatabase } from '@/test/postgres';
import { agentFixture, ask, refusal } from '../test-fleet';
import { inviteGuest, pasteToken } from './test-partners';

const [atA, atB] = [await testDatabase(), await testDatabase()];
let a: Awaited<ReturnType<typeof agentFixture>>;
let b: Awaited<ReturnType<typeof agentFixture>>;

beforeAll(async () => {
  a = await agentFixture(atA.pool, atA.url);
  b = await agentFixture(atB.pool, atB.url, 'b.example');
});
afterAll(async () => {
  await Promise.all([a.close(), b.close()]);
});

const stateAt = async (pool: typeof atA.pool, authority: string) =>
  (await pool.query(`SELECT state, takes, gives, problem FROM "Partner" WHERE authority = $1`, [authority])).rows[0];
const joined = () =>
  vi.waitFor(async () => expect(await stateAt(atB.pool, 'meridian')).toMatchObject({ state: 'active', gives: true }), {
    timeout: 8_000,
  });
const identityAtA = (part: 'am' | 'sm', key: IdentityKey, authority = 'b.example') =>
  new PartnerIdentity(
    { authority: 'meridian', agentAddress: a.agent.address, caPem: a.ca.certificatePem },
    { authority, part, key },
  );
const anonymous = () => anonymousAgentClient(a.agent.address, caFingerprint(a.ca.certificatePem));
function join(secret: string, keys: { agent: IdentityKey; manager: IdentityKey }, authority = 'b.example') {
  const facts = {
    secret,
    authority,
    agent: { urn: agentUrn(authority), publicKey: keys.agent.jwk, address: 'localhost:7420' },
    manager: { urn: serviceManagerUrn(authority), publicKey: keys.manager.jwk },
  };
  const challenge = joinChallenge(facts);
  const { client, close } = anonymous();
  const proofs = {
    agentProof: proveChallenge(challenge, keys.agent.privateKey),
    managerProof: proveChallenge(challenge, keys.manager.privateKey),
  };
  return {
    facts,
    proofs,
    send: (more: object = {}) => client.joinPartner.mutate({ ...facts, ...proofs, ...more }).finally(close),
  };
}

describe('joining a partner', () => {
  test('by a token that an operator pastes: both know each other, and both keys get certificates of the host’s CA', async () => {
    const { token } = await inviteGuest(a, atA.pool, 'b.example');
    await pasteToken(b, atB.pool, 'meridian', token);
    await joined();
    expect(await stateAt(atA.pool, 'b.example')).toMatchObject({ state: 'active', takes: true, gives: false });
    expect((await atB.pool.query(`SELECT FROM "SealedSecret" WHERE name LIKE 'partner:%'`)).rowCount).toBe(0);
    const agents = await atA.pool.query(`SELECT jkt FROM "Agent" WHERE urn = $1 AND "partnerId" IS NOT NULL`, [
      b.agent.urn,
    ]);
    expect(agents.rows).toEqual([{ jkt: b.agent.key.jkt }]);

    const asAgent = identityAtA('am', b.agent.key);
    await asAgent.ready();
    expect(asAgent.source().urn).toBe(partnerUrn('meridian', 'b.example', 'am'));
    const client = agentClient(a.target(), asAgent.source);
    expect(await client.granted.query({ since: null, waitMs: 0 })).toMatchObject({ nodes: [] });

    // It is a partner's agent and nothing else, whatever it asks for.
    expect(await refusal(client.issue.mutate(ask([], { nodes: ['urn:publicid:IDN+meridian+node+x'] })))).toBe(
      'NOT_ALLOWED',
    );
    expect(await refusal(client.advertisements.query({}))).toBe('NOT_ALLOWED');
    expect(await refusal(client.delegate.mutate({ delegation: 'x' }))).toBe('NOT_ALLOWED');
    expect(await refusal(client.attend.mutate({ session: 'x'.repeat(22) }))).toBe('NOT_ALLOWED');
    expect(await refusal(client.watch.mutate({ heard: 0 }))).toBe('NOT_ALLOWED');
    expect(await refusal(client.returnTickets.mutate({ tickets: [] }))).toBe('NOT_ALLOWED');
    await closeClients(asAgent.source);
    const asManager = identityAtA('sm', b.smKey);
    await asManager.ready();
    const manager = agentClient(a.target(), asManager.source);
    expect(await refusal(manager.issue.mutate(ask([], { nodes: ['urn:publicid:IDN+meridian+node+x'] })))).toBe(
      'NOT_ALLOWED',
    );
    expect(await refusal(manager.granted.query({ since: null, waitMs: 0 }))).toBe('NOT_ALLOWED');
    await closeClients(asManager.source);
  });

  test('a token counts once, for whom it was made, as long as it says, with proof of both keys', async () => {
    const keys = { agent: generateIdentityKey(), manager: generateIdentityKey() };
    const { secret } = await inviteGuest(a, atA.pool, 'c.example');
    const right = join(secret, keys, 'c.example');
    const other = join(secret, { agent: generateIdentityKey(), manager: keys.manager }, 'c.example');
    expect(await refusal(join(secret, keys, 'd.example').send())).toBe('TOKEN_INVALID');
    expect(await refusal(join('x'.repeat(43), keys, 'c.example').send())).toBe('TOKEN_INVALID');
    // A proof of one key cannot stand for the other, nor one of another address.
    expect(await refusal(other.send({ managerProof: right.proofs.managerProof }))).toBe('BAD_SIGNATURE');
    const elsewhere = { agent: { ...right.facts.agent, address: 'evil.example:1' } };
    expect(await refusal(join(secret, keys, 'c.example').send(elsewhere))).toBe('BAD_SIGNATURE');
    // Two thieves at once, and the rightful one: exactly one of them is let in.
    const races = await Promise.allSettled(
      [1, 2, 3].map(() =>
        join(secret, { agent: generateIdentityKey(), manager: generateIdentityKey() }, 'c.example').send(),
      ),
    );
    expect(races.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
    expect(await refusal(join(secret, keys, 'c.example').send())).toBe('TOKEN_USED');
    const late = await inviteGuest(a, atA.pool, 'e.example', -1);
    expect(await refusal(join(late.secret, keys, 'e.example').send())).toBe('TOKEN_INVALID');
  });

  test('nobody joins with a key that has another part to play, nor one key for both', async () => {
    const { secret } = await inviteGuest(a, atA.pool, 'f.example');
    const fresh = generateIdentityKey();
    expect(await refusal(join(secret, { agent: fresh, manager: fresh }, 'f.example').send())).toBe('INVALID_INPUT');
    for (const taken of [a.agent.key, a.smKey, b.agent.key, b.smKey]) {
      expect(await refusal(join(secret, { agent: taken, manager: fresh }, 'f.example').send())).toBe('CONFLICT');
      expect(await refusal(join(secret, { agent: fresh, manager: taken }, 'f.example').send())).toBe('CONFLICT');
    }
    const [node] = await a.nodes(1);
    if (!node) throw new Error('no node');
    expect(await refusal(join(secret, { agent: node.key, manager: fresh }, 'f.example').send())).toBe('CONFLICT');
  });

  test('certificates are for the partner’s own names and keys, freshly asked for, and end with the partnership at once', async () => {
    const certify = (urn: string, key: IdentityKey, at = Math.floor(Date.now() / 1000), signer = key) => {
      const facts = { urn, publicKey: key.jwk, at };
      const { client, close } = anonymous();
      const proof = proveChallenge(partnerChallenge(facts), signer.privateKey);
      return client.certifyPartner.mutate({ ...facts, proof }).finally(close);
    };
    const [am, sm] = [partnerUrn('meridian', 'b.example', 'am'), partnerUrn('meridian', 'b.example', 'sm')];
    expect(await refusal(certify(am, b.smKey))).toBe('REVOKED'); // a manager is no agent
    expect(await refusal(certify(sm, b.agent.key))).toBe('REVOKED');
    expect(await refusal(certify(am, b.agent.key, undefined, generateIdentityKey()))).toBe('BAD_SIGNATURE');
    expect(await refusal(certify(am, b.agent.key, Math.floor(Date.now() / 1000) - 600))).toBe('EXPIRED');
    for (const urn of [
      serviceManagerUrn('meridian'),
      agentUrn('meridian'),
      agentUrn('b.example'),
      'urn:publicid:IDN+meridian:oslo+node+n1',
      partnerUrn('meridian', 'c.example', 'am'),
    ])
      expect(await refusal(certify(urn, b.agent.key))).toMatch(/^(INVALID_INPUT|REVOKED)$/);

    const identity = identityAtA('am', b.agent.key);
    await identity.ready();
    const client = agentClient(a.target(), identity.source);
    await client.granted.query({ since: null, waitMs: 0 });
    await atA.pool.query(`UPDATE "Partner" SET state = 'ended' WHERE authority = 'b.example'`);
    await atA.pool.query(`UPDATE "Certificate" SET "revokedAt" = now() WHERE kind LIKE 'partner%' AND jkt = $1`, [
      b.agent.key.jkt,
    ]);
    expect(await refusal(client.granted.query({ since: null, waitMs: 0 }))).toBe('REVOKED');
    expect(await refusal(certify(am, b.agent.key))).toBe('REVOKED');
    await closeClients(identity.source);
  });
});
