import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Refused } from '@/core/errors';
import { seal, unseal } from '../seal';
import { generateIdentityKey } from '../statement/keys';
import {
  caFingerprint,
  certificateSpan,
  checkCertificate,
  createCa,
  issueCertificate,
  readCertificate,
} from './certificate';
import { checkProof, enrolmentChallenge, proveChallenge, renewalChallenge } from './challenge';
import { decodeEnrolmentToken, encodeEnrolmentToken, newEnrolmentSecret } from './enrolment-token';
import { renewalDue, selfIssue } from './identity';
import { agentUrn, partnerUrn, peerKind, serviceManagerUrn, tlsName } from './names';

const now = new Date('2026-11-22T10:00:00Z');
const node = 'urn:publicid:IDN+meridian:oslo+node+one.oslo.example';

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    return error instanceof Refused ? `${error.code}: ${error.facts.problem}` : String(error);
  }
}

describe('certificates', () => {
  test('name, key and span are what was asked, and OpenSSL agrees that the CA signed it', async () => {
    const ca = await createCa({ authority: 'meridian', now });
    const key = generateIdentityKey();
    const issued = await issueCertificate({ ca, publicJwk: key.jwk, urn: node, ...certificateSpan(now) });
    const x = new X509Certificate(issued.pem);
    const identity = checkCertificate(x, new X509Certificate(ca.certificatePem), now);
    expect(identity).toMatchObject({ urn: node, kind: 'node', publicJwk: key.jwk, serial: issued.serial });
    expect(identity.jkt).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(x.checkHost(tlsName(node))).toBe(tlsName(node));
    expect(identity.notAfter.getTime() - now.getTime()).toBe(86_400_000);
  });

  test('another CA, another time, a CA as an identity, a name that calls nothing: each refused as what it is', async () => {
    const ca = await createCa({ authority: 'meridian', now });
    const other = await createCa({ authority: 'meridian', now });
    const issue = async (urn: string) =>
      new X509Certificate(
        (await issueCertificate({ ca, publicJwk: generateIdentityKey().jwk, urn, ...certificateSpan(now) })).pem,
      );
    const good = await issue(node);
    const root = new X509Certificate(ca.certificatePem);
    expect(codeOf(() => checkCertificate(good, new X509Certificate(other.certificatePem), now))).toMatch(
      /not from this deployment/,
    );
    expect(codeOf(() => checkCertificate(good, root, new Date(now.getTime() + 86_401_000)))).toMatch(/expired/);
    expect(codeOf(() => checkCertificate(good, root, new Date(now.getTime() - 601_000)))).toMatch(/not valid yet/);
    expect(codeOf(() => readCertificate(root))).toMatch(/names no node/);
    const user = await issue('urn:publicid:IDN+meridian+slice+oslo_ada');
    expect(codeOf(() => readCertificate(user))).toMatch(/names no node/);
    expect(caFingerprint(ca.certificatePem)).not.toBe(caFingerprint(other.certificatePem));
  });

  test('a self-issued identity renews from half of its life on', async () => {
    const ca = await createCa({ authority: 'meridian', now });
    const { identity } = await selfIssue(ca, agentUrn('meridian'), generateIdentityKey(), now);
    expect(renewalDue(identity, new Date(now.getTime() + 11 * 3600_000))).toBe(false);
    expect(renewalDue(identity, new Date(now.getTime() + 12 * 3600_000))).toBe(true);
  });

  test('URNs say who may be what', () => {
    expect(peerKind(node)).toBe('node');
    expect(peerKind(agentUrn('meridian'))).toBe('agent');
    expect(peerKind(serviceManagerUrn('meridian'))).toBe('service-manager');
    expect(peerKind(agentUrn('meridian', 'second'))).toBe('agent');
    expect(peerKind('urn:publicid:IDN+meridian+authority+am.')).toBeNull();
    expect(peerKind(partnerUrn('meridian', 'b.example', 'am'))).toBe('partner-agent');
    expect(peerKind(partnerUrn('meridian', 'b.example', 'sm'))).toBe('partner-manager');
    expect(peerKind('urn:publicid:IDN+meridian:oslo+authority+am.second')).toBeNull();
    expect(peerKind('urn:publicid:IDN+meridian+user+alice')).toBe('principal');
    expect(peerKind('urn:publicid:IDN+meridian+slice+oslo_a')).toBeNull();
  });
});

describe('challenges', () => {
  const key = generateIdentityKey();
  const facts = {
    node,
    secret: 's'.repeat(43),
    publicKey: key.jwk,
    address: 'localhost:1',
    incarnation: 'i'.repeat(16),
  };
  test('only the very text under the very key proves', () => {
    const proof = proveChallenge(enrolmentChallenge(facts), key.privateKey);
    expect(checkProof(enrolmentChallenge(facts), proof, key.jwk)).toBe(true);
    expect(checkProof(enrolmentChallenge({ ...facts, address: 'localhost:2' }), proof, key.jwk)).toBe(false);
    expect(checkProof(enrolmentChallenge(facts), proof, generateIdentityKey().jwk)).toBe(false);
    const renewal = renewalChallenge({
      urn: node,
      publicKey: key.jwk,
      address: 'localhost:1',
      incarnation: 'i',
      at: 1,
    });
    expect(checkProof(renewal, proof, key.jwk)).toBe(false);
    expect(checkProof(enrolmentChallenge(facts), `${proof}=`, key.jwk)).toBe(false);
  });
});

describe('enrolment token', () => {
  const token = {
    v: 1 as const,
    agent: 'localhost:7420',
    ca: 'a'.repeat(64),
    node,
    secret: newEnrolmentSecret().secret,
  };
  test('comes back as it was; anything cut off or foreign is refused', () => {
    const text = encodeEnrolmentToken(token);
    expect(decodeEnrolmentToken(` ${text}\n`)).toEqual(token);
    for (let cut = 0; cut < text.length; cut += 7)
      expect(() => decodeEnrolmentToken(text.slice(0, cut))).toThrow(Refused);
    expect(codeOf(() => decodeEnrolmentToken(`mrd1.${Buffer.from('{"v":2}').toString('base64url')}`))).toMatch(
      /field v/,
    );
  });
});

describe('seal', () => {
  const key = Buffer.alloc(32, 7);
  test('opens under the same name and key only, and after no change of any byte', () => {
    const sealed = seal('ca', Buffer.from('secret'), key);
    expect(unseal('ca', sealed, key).toString()).toBe('secret');
    expect(() => unseal('service-manager', sealed, key)).toThrow(Refused);
    expect(() => unseal('ca', sealed, Buffer.alloc(32, 8))).toThrow(Refused);
    for (let i = 0; i < sealed.length; i++) {
      const bent = Buffer.from(sealed);
      bent[i] = (bent[i] ?? 0) ^ 1;
      expect(() => unseal('ca', bent, key)).toThrow(Refused);
    }
  });
});
