import 'reflect-metadata'; // @peculiar/x509's container refuses to load without it
import { createHash, type KeyObject, randomBytes, X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { Refused } from '@/core/errors';
import { clockWords } from '@/core/time/clock-words';
import {
  generateIdentityKey,
  type IdentityKey,
  jwkFromPublicKey,
  publicKeyFromJwk,
  thumbprint,
} from '../statement/keys';
import type { PublicJwk } from '../statement/schemas';
import { peerKind, tlsName } from './names';

const ED25519 = { name: 'Ed25519' };

x509.cryptoProvider.set(crypto);

/** The deployment's certificate authority. Its key exists in memory of web, worker and agent, and sealed in Postgres. */
export type Ca = { certificatePem: string; key: IdentityKey };

export const CA_YEARS = 10;
/** How long an identity certificate holds: 24 h, renewed at half life. */
export const CERTIFICATE_SECONDS = 86_400;
/** A fresh certificate already holds this long ago, so that a peer whose clock is behind accepts it. */
export const BACKDATE_SECONDS = 600;

/** Makes a CA: a self-signed Ed25519 certificate that holds for ten years and may sign only end entities. */
export async function createCa(options: { authority: string; now: Date }): Promise<Ca> {
  const key = generateIdentityKey();
  const keys = { privateKey: await webKey(key.privateKey, 'sign'), publicKey: await webKey(key.publicKey, 'verify') };
  const notAfter = new Date(options.now);
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + CA_YEARS);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: [{ O: [options.authority], CN: ['Meridian CA'] }],
    notBefore: new Date(options.now.getTime() - BACKDATE_SECONDS * 1000),
    notAfter,
    keys,
    signingAlgorithm: ED25519,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificatePem: pem(certificate), key };
}

/** What a CA is asked to certify. The span is [notBefore, notAfter]; the DNS name defaults to `tlsName(urn)`. */
export type CertificateRequest = {
  ca: Ca;
  publicJwk: PublicJwk;
  urn: string;
  notBefore: Date;
  notAfter: Date;
  dns?: string;
};
export type IssuedCertificate = { pem: string; serial: string; notBefore: Date; notAfter: Date };

/** Issues an identity certificate: for TLS in both directions, naming the URN (URI) and the name that is dialled (DNS). */
export async function issueCertificate(request: CertificateRequest): Promise<IssuedCertificate> {
  const { certificate: issuer, signingKey, authorityKey } = await issuerOf(request.ca);
  const publicKey = await webKey(publicKeyFromJwk(request.publicJwk), 'verify');
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: [{ CN: [tlsName(request.urn)] }],
    issuer: issuer.subjectName,
    notBefore: request.notBefore,
    notAfter: request.notAfter,
    publicKey,
    signingKey,
    signingAlgorithm: ED25519,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
      new x509.SubjectAlternativeNameExtension([
        { type: 'url', value: request.urn },
        { type: 'dns', value: request.dns ?? tlsName(request.urn) },
      ]),
      authorityKey,
    ],
  });
  return {
    pem: pem(certificate),
    serial: certificate.serialNumber,
    notBefore: certificate.notBefore,
    notAfter: certificate.notAfter,
  };
}

type Issuer = {
  certificate: x509.X509Certificate;
  signingKey: CryptoKey;
  authorityKey: x509.AuthorityKeyIdentifierExtension;
};
const issuers = new WeakMap<Ca, Promise<Issuer>>();

/** What of a CA every certificate needs: read once, not for each of a fleet's. */
function issuerOf(ca: Ca): Promise<Issuer> {
  const known = issuers.get(ca) ?? readIssuer(ca);
  issuers.set(ca, known);
  return known;
}

async function readIssuer(ca: Ca): Promise<Issuer> {
  const certificate = new x509.X509Certificate(ca.certificatePem);
  return {
    certificate,
    signingKey: await webKey(ca.key.privateKey, 'sign'),
    authorityKey: await x509.AuthorityKeyIdentifierExtension.create(certificate),
  };
}

/** The span of a certificate issued now. */
export function certificateSpan(now: Date): { notBefore: Date; notAfter: Date } {
  return {
    notBefore: new Date(now.getTime() - BACKDATE_SECONDS * 1000),
    notAfter: new Date(now.getTime() + CERTIFICATE_SECONDS * 1000),
  };
}

/** SHA-256 of a certificate's DER, hex: how an enrolment token pins the CA. */
export function caFingerprint(certificate: string | X509Certificate): string {
  const raw = typeof certificate === 'string' ? new X509Certificate(certificate).raw : certificate.raw;
  return createHash('sha256').update(raw).digest('hex');
}

/** Who a certificate says its holder is. */
export type CertificateIdentity = {
  urn: string;
  kind: NonNullable<ReturnType<typeof peerKind>>;
  /** RFC 7638 thumbprint of its key, which is the holder's identity key. */
  jkt: string;
  publicJwk: PublicJwk;
  serial: string;
  notBefore: Date;
  notAfter: Date;
};

/**
 * Reads name and key from an identity certificate: exactly one URI name, a URN that may call, and an Ed25519 key. Says
 * nothing of who signed it. Throws Refused CERTIFICATE_INVALID.
 */
export function readCertificate(certificate: X509Certificate): CertificateIdentity {
  const uris = (certificate.subjectAltName ?? '').split(', ').filter((name) => name.startsWith('URI:'));
  const urn = uris[0]?.slice(4) ?? '';
  const kind = peerKind(urn);
  if (uris.length !== 1 || !kind)
    throw new Refused('CERTIFICATE_INVALID', { problem: 'it names no node, agent or service manager' });
  if (certificate.ca) throw new Refused('CERTIFICATE_INVALID', { problem: 'it is a CA, not an identity' });
  const publicJwk = jwkFromPublicKey(certificate.publicKey);
  return {
    urn,
    kind,
    jkt: thumbprint(publicJwk),
    publicJwk,
    serial: certificate.serialNumber.toLowerCase(),
    notBefore: new Date(certificate.validFrom),
    notAfter: new Date(certificate.validTo),
  };
}

/** Did this CA sign it? */
export function isIssuedBy(certificate: X509Certificate, ca: X509Certificate): boolean {
  return ca.ca && certificate.checkIssued(ca) && certificate.verify(ca.publicKey);
}

/** Signed by this CA, valid now, and naming one identity, or Refused CERTIFICATE_INVALID. */
export function checkCertificate(certificate: X509Certificate, ca: X509Certificate, now: Date): CertificateIdentity {
  if (!isIssuedBy(certificate, ca))
    throw new Refused('CERTIFICATE_INVALID', { problem: 'it is not from this deployment’s CA' });
  const identity = readCertificate(certificate);
  checkSpan(identity, now);
  return identity;
}

/** Valid at `now`, in [notBefore, notAfter], or Refused CERTIFICATE_INVALID, which says both ends and the clock that judged. */
export function checkSpan(span: { notBefore: Date; notAfter: Date }, now: Date): void {
  const { notBefore, notAfter } = span;
  if (now >= notBefore && now <= notAfter) return;
  const times = { notBefore: notBefore.getTime(), notAfter: notAfter.getTime(), now: now.getTime() };
  const problem = now < notBefore ? 'it is not valid yet' : 'it has expired';
  throw new Refused('CERTIFICATE_INVALID', {
    problem: `${problem}; ${clockWords(times)}`,
    notBefore: notBefore.toISOString(),
    notAfter: notAfter.toISOString(),
    now: now.toISOString(),
  });
}

/** 16 random bytes, positive and without a leading zero (RFC 5280 §4.1.2.2). */
function newSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

function pem(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}

function webKey(key: KeyObject, use: 'sign' | 'verify'): Promise<CryptoKey> {
  const format = use === 'sign' ? 'pkcs8' : 'spki';
  const data = new Uint8Array(key.export({ format: 'der', type: format }));
  return crypto.subtle.importKey(format, data, ED25519, use === 'verify', [use]);
}
