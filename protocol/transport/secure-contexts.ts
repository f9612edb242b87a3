import { constants } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { TlsIdentity } from '../pki/identity';

/** TLS 1.3 only: programs of one deployment talk to each other and to nobody else. */
export const TLS_VERSION = 'TLSv1.3' as const;

/** Sessions are never resumed (decision 0012): to seal tickets for that would be a fifth of a server's handshake. */
export const NO_TICKETS = constants.SSL_OP_NO_TICKET;

/** How many identities' contexts a process keeps; a simulator is thousands of nodes. Some 30 KB each. */
export const MAX_CONTEXTS = 4_096;
const kept = new Map<TlsIdentity, SecureContext>();

/**
 * What OpenSSL needs to be this identity, as server and as client: made on first use (about 1 ms), the least recently used
 * dropped. A renewed identity is another object and gets its own. The CA goes along, for peers that know only its fingerprint.
 */
export function secureContext(identity: TlsIdentity): SecureContext {
  const context = kept.get(identity) ?? make(identity);
  kept.delete(identity);
  kept.set(identity, context);
  if (kept.size > MAX_CONTEXTS) {
    const [oldest] = kept.keys();
    if (oldest) kept.delete(oldest);
  }
  return context;
}

function make(identity: TlsIdentity): SecureContext {
  return createSecureContext({
    key: identity.privateKeyPem,
    cert: identity.certificatePem + identity.caPem,
    ca: identity.caPem,
    minVersion: TLS_VERSION,
    secureOptions: NO_TICKETS,
  });
}
