import { X509Certificate } from 'node:crypto';
import { Refused } from '@/core/errors';
import { type IdentityKey, identityKeyToPem } from '../statement/keys';
import { type Ca, certificateSpan, type IssuedCertificate, issueCertificate, readCertificate } from './certificate';

/** All a program needs to be someone in TLS: its key, its certificate and the CA that it trusts. PEM texts. */
export type TlsIdentity = {
  urn: string;
  jkt: string;
  privateKeyPem: string;
  certificatePem: string;
  caPem: string;
  notBefore: Date;
  notAfter: Date;
};

/** An identity, or a function that gives the present one: certificates renew while the program runs. */
export type IdentitySource = TlsIdentity | (() => TlsIdentity);

export function currentIdentity(source: IdentitySource): TlsIdentity {
  return typeof source === 'function' ? source() : source;
}

/** Puts key, certificate and CA together. Throws Refused CERTIFICATE_INVALID when the certificate is not for that key. */
export function tlsIdentity(key: IdentityKey, certificatePem: string, caPem: string): TlsIdentity {
  const certificate = new X509Certificate(certificatePem);
  const { urn, jkt, notBefore, notAfter } = readCertificate(certificate);
  if (jkt !== key.jkt)
    throw new Refused('CERTIFICATE_INVALID', { problem: `the certificate of ${urn} is for another key` });
  return { urn, jkt, privateKeyPem: identityKeyToPem(key), certificatePem, caPem, notBefore, notAfter };
}

export type SelfIssued = { identity: TlsIdentity; issued: IssuedCertificate };

/** An identity that the holder of the CA's key issues to itself: the agent's, and the service manager's in web and worker. */
export async function selfIssue(ca: Ca, urn: string, key: IdentityKey, now: Date): Promise<SelfIssued> {
  const issued = await issueCertificate({ ca, publicJwk: key.jwk, urn, ...certificateSpan(now) });
  return { identity: tlsIdentity(key, issued.pem, ca.certificatePem), issued };
}

/** Renew from half of the certificate's life on. */
export function renewalDue(identity: { notBefore: Date; notAfter: Date }, now: Date): boolean {
  return now.getTime() >= (identity.notBefore.getTime() + identity.notAfter.getTime()) / 2;
}
