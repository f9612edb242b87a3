import { createSecureContext, type SecureContext } from 'node:tls';
import type { TlsIdentity } from '../pki/identity';

/** TLS 1.3 only: programs of one deployment talk to each other and to nobody else. */
export const TLS_VERSION = 'TLSv1.3' as const;

/** What OpenSSL needs to be this identity. The CA goes along, for peers that know only its fingerprint. */
export function secureContext(identity: TlsIdentity): SecureContext {
  return createSecureContext({
    key: identity.privateKeyPem,
    cert: identity.certificatePem + identity.caPem,
    ca: identity.caPem,
    minVersion: TLS_VERSION,
  });
}

/**
 * Secure contexts by name, made on first use, the least recently used dropped: a simulator answers for thousands. A name
 * whose identity was replaced (renewed) gets a new one by itself.
 */
export class SecureContexts {
  private readonly kept = new Map<string, { identity: TlsIdentity; context: SecureContext }>();
  constructor(
    private readonly identityOf: (servername: string) => TlsIdentity | null,
    private readonly max: number,
  ) {}

  /** The context to answer with under that name; null when nobody of that name is here. */
  get(servername: string): SecureContext | null {
    const identity = this.identityOf(servername);
    const known = this.kept.get(servername);
    this.kept.delete(servername);
    if (!identity) return null;
    const entry = known?.identity === identity ? known : { identity, context: secureContext(identity) };
    this.kept.set(servername, entry);
    if (this.kept.size > this.max) {
      const [oldest] = this.kept.keys();
      if (oldest !== undefined) this.kept.delete(oldest);
    }
    return entry.context;
  }
}
