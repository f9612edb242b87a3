import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { type RefusalFacts, Refused } from '@/core/errors';
import { type CertificateIdentity, checkSpan, readCertificate } from '../pki/certificate';
import { Bounded } from '../statement/bounded';
import type { Peer } from '../trpc';

/** Who is on a connection, read from its certificate once; `serial` is the certificate's, in lower-case hex. */
export type ConnectedPeer = Peer & { serial: string };

type State = { identity: CertificateIdentity | null; refused: Refused | null };
/** What a certificate says, by its SHA-256: one service manager opens a connection to each of a thousand simulated nodes. */
const read = new Bounded<string, CertificateIdentity>(4_096);
const states = new WeakMap<TLSSocket, State>();

/** Whether a peer (its key, or this certificate) no longer counts. Asked at each call, not only at connect. */
export type IsRevoked = (peer: ConnectedPeer) => Revoked | Promise<Revoked>;
/** No, or yes; with more to tell of it, which goes into the refusal's facts. */
export type Revoked = boolean | RefusalFacts;

/**
 * The peer of a call on this connection, or null for one that showed no certificate. The certificate is read once for each
 * connection; its end and its revocation are checked at each call. Throws Refused CERTIFICATE_INVALID or REVOKED.
 */
export async function peerOfCall(socket: TLSSocket, isRevoked: IsRevoked, now: Date): Promise<ConnectedPeer | null> {
  const known = states.get(socket) ?? readPeer(socket);
  states.set(socket, known);
  if (known.refused) throw known.refused;
  if (!known.identity) return null;
  checkSpan(known.identity, now);
  const { kind, urn, jkt, serial } = known.identity;
  const peer = { kind, urn, jkt, serial };
  const revoked = await isRevoked(peer);
  if (revoked) throw new Refused('REVOKED', { kind: 'key', id: jkt, ...(revoked !== true && revoked) });
  return peer;
}

function readPeer(socket: TLSSocket): State {
  const certificate = socket.getPeerX509Certificate();
  if (!certificate) return { identity: null, refused: null };
  // OpenSSL checked the chain in the handshake; a connection without a good one is kept only to answer why.
  if (!socket.authorized) return { identity: null, refused: refusedBy(socket, certificate) };
  try {
    const fingerprint = certificate.fingerprint256;
    const identity = read.get(fingerprint) ?? readCertificate(certificate);
    read.set(fingerprint, identity);
    return { identity, refused: null };
  } catch (err) {
    if (err instanceof Refused) return { identity: null, refused: err };
    throw err;
  }
}

function refusedBy(socket: TLSSocket, certificate: X509Certificate): Refused {
  const problem: unknown = socket.authorizationError; // typed as an Error, is OpenSSL's code
  if (problem === 'CERT_HAS_EXPIRED' || problem === 'CERT_NOT_YET_VALID') {
    try {
      checkSpan({ notBefore: new Date(certificate.validFrom), notAfter: new Date(certificate.validTo) }, new Date());
    } catch (err) {
      if (err instanceof Refused) return err;
      throw err;
    }
  }
  return new Refused('CERTIFICATE_INVALID', {
    problem: `it is not from this deployment’s CA (${String(problem)})`,
  });
}
