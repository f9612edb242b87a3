import { Pool } from 'undici';
import { currentIdentity, type IdentitySource, type TlsIdentity } from '../pki/identity';
import { tlsName } from '../pki/names';
import { mutualDial } from './dial';
import { secureContext } from './secure-contexts';

/** Somebody to call: where, and who must answer there. */
export type Target = {
  /** "host:port" */
  address: string;
  urn: string;
  /** Thumbprint of the enrolled key. */
  jkt: string;
};

/** Targets to which one identity keeps connections; past it the least recently called one's are closed. */
export const MAX_TARGETS = 2_000;
/** Connections to one target: a long poll must not hold up a release. */
export const CONNECTIONS_PER_TARGET = 8;
/** A connection is remade after this long, so that certificates are shown anew well within their life. */
const CONNECTION_MS = 3_600_000;
/** Largest answer that is read, in bytes. */
const MAX_ANSWER_BYTES = 64 * 1_048_576;
export const CONNECT_MS = 5_000;

/** Settings that all pools share. */
export function poolOptions(connect: Pool.Options['connect']): Pool.Options {
  return {
    connect,
    connections: CONNECTIONS_PER_TARGET,
    pipelining: 1,
    keepAliveTimeout: 10_000, // the server's own hint goes before
    keepAliveMaxTimeout: 120_000,
    maxResponseSize: MAX_ANSWER_BYTES,
    clientTtl: CONNECTION_MS,
  };
}

type Kept = { pool: Pool; identity: TlsIdentity };

/** The connections of one identity, by target, least recently used first. */
class Pools {
  private readonly kept = new Map<string, Kept>();

  constructor(private readonly source: IdentitySource) {}

  get(target: Target): Pool {
    const identity = currentIdentity(this.source);
    const key = `${target.address} ${target.urn} ${target.jkt}`;
    const known = this.kept.get(key);
    this.kept.delete(key);
    if (known && known.identity !== identity) void known.pool.close(); // renewed: running calls end, then it goes
    const entry = known?.identity === identity ? known : { pool: this.make(target, identity), identity };
    this.kept.set(key, entry);
    for (const [oldest, { pool }] of this.kept) {
      if (this.kept.size <= MAX_TARGETS) break;
      this.kept.delete(oldest);
      void pool.close();
    }
    return entry.pool;
  }

  async close(): Promise<void> {
    const pools = [...this.kept.values()];
    this.kept.clear();
    await Promise.all(pools.map(({ pool }) => pool.destroy()));
  }

  private make(target: Target, identity: TlsIdentity): Pool {
    const connect = mutualDial(secureContext(identity), tlsName(target.urn), target, CONNECT_MS);
    return new Pool(`https://${target.address}`, poolOptions(connect));
  }
}

const all = new WeakMap<IdentitySource, Pools>();

/** The pool of an identity for a target; kept as long as its identity source is, so pass the same object each time. */
export function poolFor(source: IdentitySource, target: Target): Pool {
  const pools = all.get(source) ?? new Pools(source);
  all.set(source, pools);
  return pools.get(target);
}

/** Closes all connections of an identity at once; calls that run fail. Idempotent. */
export async function closePools(source: IdentitySource): Promise<void> {
  await all.get(source)?.close();
}
