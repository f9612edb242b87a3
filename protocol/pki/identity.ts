import type { KeyObject } from 'node:crypto';
import { X509Certificate } from 'node:crypto';
import { type Ca, certificateSpan, issueCertificate, privateKeyPem, readCertificate } from './certificate';
import type { PublicJwk } from '../statement/schemas';

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
export function tlsIdentity(privateKey: KeyObject, certificatePem: string, caPem: string): TlsIdentity {
  const certificate = new X509Certificate(certificatePem);
  const { urn, jkt, notBefore, notAfter } = readCertificate(certificate);
  if (!certificate.checkPrivateKey(privateKey)) throw new Error(`The certificate of ${urn} is not for this key`);
  return { urn, jkt, privateKeyPem: privateKeyPem(privateKey), certificatePem, caPem, notBefore, notAfter };
}

/** An identity that the holder of the CA's key issues to itself: the agent's, and the service manager's in web and worker. */
export async function selfIssue(ca: Ca, urn: string, key: { privateKey: KeyObject; publicJwk: PublicJwk }, now: Date) {
  const issued = await issueCertificate({ ca, publicJwk: key.publicJwk, urn, ...certificateSpan(now) });
  return { identity: tlsIdentity(key.privateKey, issued.pem, ca.certificatePem), issued };
}

/** Renew from half of the certificate's life on. */
export function renewalDue(identity: { notBefore: Date; notAfter: Date }, now: Date): boolean {
  return now.getTime() >= (identity.notBefore.getTime() + identity.notAfter.getTime()) / 2;
}
