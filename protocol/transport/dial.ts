import type { X509Certificate } from 'node:crypto';
import { type ConnectionOptions, type SecureContext, type TLSSocket, connect as tlsConnect } from 'node:tls';
import { type buildConnector, errors } from 'undici';
import { Refused } from '@/core/errors';
import { clockWords } from '@/core/time/clock-words';
import { caFingerprint, checkCertificate, readCertificate } from '../pki/certificate';
import { TLS_VERSION } from './secure-contexts';
import { WrongPeer } from './unreachable';

/** Whom a connection must turn out to be with. */
export type Expected = { urn: string; jkt: string };

/**
 * Dials with our certificate: TLS 1.3, the chain to our CA, and the very URN and identity key that are expected. Sessions
 * are not resumed: a resumed handshake would show neither side's certificate anew.
 */
export function mutualDial(
  context: SecureContext,
  servername: string,
  expected: Expected,
  connectMs: number,
): buildConnector.connector {
  return dialer(
    // Judged below in every case, so that the refusal can say the certificate's times and this machine's.
    { secureContext: context, servername, checkServerIdentity: () => undefined, rejectUnauthorized: false },
    connectMs,
    (certificate, socket) => {
      if (!socket.authorized) throw unauthorized(certificate, socket);
      const { urn, jkt } = readCertificate(certificate);
      if (urn !== expected.urn) throw new WrongPeer(`its certificate is of another one (${urn})`);
      if (jkt !== expected.jkt) throw new WrongPeer('its key is not the enrolled one');
    },
  );
}

/**
 * Dials without a certificate and knowing only the CA's fingerprint, from an enrolment token: whoever answers must send a
 * CA certificate of that fingerprint, and be an agent whom it certified.
 */
export function pinnedDial(servername: string, fingerprint: string, connectMs: number): buildConnector.connector {
  return dialer({ servername, rejectUnauthorized: false, minVersion: TLS_VERSION }, connectMs, (certificate) => {
    const ca = certificate.issuerCertificate;
    if (!ca || caFingerprint(ca) !== fingerprint) throw new WrongPeer('its CA is not the one in the enrolment token');
    if (checkCertificate(certificate, ca, new Date()).kind !== 'agent') throw new WrongPeer('it is not an agent');
  });
}

function dialer(
  tls: ConnectionOptions,
  connectMs: number,
  check: (certificate: X509Certificate, socket: TLSSocket) => void,
): buildConnector.connector {
  return (target, callback) => {
    const socket = tlsConnect({
      ...tls,
      host: target.hostname,
      port: Number(target.port || 443),
      ALPNProtocols: ['http/1.1'],
    });
    // For checkServerIdentity Node decodes the whole chain into an object at each handshake, a fifth of its cost. We check
    // names and key ourselves, in `check`, so it gets nothing to decode.
    socket.getPeerCertificate = nothing;
    let settled = false;
    const settle = (err: Error | null) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      if (err) {
        socket.destroy();
        callback(err, null);
      } else callback(null, socket);
    };
    const timer = setTimeout(() => settle(new errors.ConnectTimeoutError('no handshake in time')), connectMs);
    socket.setNoDelay(true).setKeepAlive(true, 60_000);
    socket.once('secureConnect', () => {
      try {
        const certificate = socket.getPeerX509Certificate();
        if (!certificate) throw new WrongPeer('it showed no certificate');
        check(certificate, socket);
        settle(null);
      } catch (err) {
        settle(
          err instanceof Refused
            ? new WrongPeer(`its certificate is refused: ${String(err.facts.problem)}`)
            : toError(err),
        );
      }
    });
    socket.on('error', (err) => settle(err));
    socket.once('close', () => settle(Object.assign(new Error('closed in the handshake'), { code: 'ECONNRESET' })));
  };
}

/** Why OpenSSL did not believe a certificate; where that is its time, with both times in words. */
function unauthorized(certificate: X509Certificate, socket: TLSSocket): Error {
  const code = String(socket.authorizationError); // typed as an Error, is OpenSSL's code
  const words = clockWords({
    notBefore: Date.parse(certificate.validFrom),
    notAfter: Date.parse(certificate.validTo),
    now: Date.now(),
  });
  if (code === 'CERT_NOT_YET_VALID' && words) return new WrongPeer(`its certificate is not valid yet; ${words}`);
  if (code === 'CERT_HAS_EXPIRED' && words) return new WrongPeer(`its certificate has expired; ${words}`);
  return Object.assign(new Error(`the certificate is not authorized: ${code}`), { code });
}

/** Stands in for getPeerCertificate, whose callers never look at what it gives. */
const nothing = (() => ({})) as unknown as TLSSocket['getPeerCertificate']; // its overloads cannot be met by an empty one

function toError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value));
}
