import { setTimeout as pause } from 'node:timers/promises';
import { type AgentService, agentRouter } from '@/protocol/agent/router';
import { loadOrMakeCa, loadOrMakeServiceManagerKey } from '@/protocol/pki/deployment-secrets';
import { renewalDue, selfIssue, type TlsIdentity } from '@/protocol/pki/identity';
import { agentUrn, serviceManagerUrn, tlsName } from '@/protocol/pki/names';
import type { IdentityKey } from '@/protocol/statement/keys';
import { serveTransport, type TransportServer } from '@/protocol/transport/server';
import { advertise } from './advertisements';
import { takeStanding } from './clearing';
import { takeDelegation } from './delegate';
import { enrol, type Registrar, renew } from './enrolment';
import { Heartbeats } from './heartbeats';
import { type Issuer, issueTickets } from './issue';
import { lookAfterPartners, partnerService } from './partners/partners';
import { certifyPrincipal } from './principals/certify';
import { Principals } from './principals/principals';
import { Relay } from './relay/relay';
import { returnTickets } from './returns';
import { Revocation } from './revocation';
import { Watchers } from './revocations/watchers';
import { loadAgentKey, lookAtRotation, ROTATION_LOOK_MS } from './rotation';
import { registerAgent, sayHere } from './store/agents';
import { inTransaction, openPool, type Pool } from './store/database';
import { enrolledAmong, recordCertificate, secretStore } from './store/deployment';
import { sweepUntil } from './sweeper';

export const VERSION = '0.1.0';

/** What an agent reports of itself while it runs; a pino logger is one. */
export type AgentLog = { error(facts: object, message: string): void; info(facts: object, message: string): void };

export type AgentOptions = {
  databaseUrl: string;
  sealKey: Buffer;
  authority: string;
  /** Of one of a deployment's further agents; left out or null: its first. */
  name?: string | null;
  dataDir: string;
  listen: { host: string; port: number };
  /** What others dial; "" for 127.0.0.1 and the port it got. */
  address: string;
  log: AgentLog;
};

export type Agent = {
  urn: string;
  key: IdentityKey;
  caPem: string;
  address: string;
  port: number;
  close(): Promise<void>;
};

const RENEWAL_CHECK_MS = 600_000;

/** Starts an agent: takes its key and the deployment's secrets (made on first use), registers itself, serves and sweeps. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const pool = openPool(options.databaseUrl);
  try {
    return await serve(options, pool);
  } catch (err) {
    await pool.end();
    throw err;
  }
}

async function serve(options: AgentOptions, pool: Pool): Promise<Agent> {
  const { sealKey, authority, log } = options;
  const store = secretStore(pool);
  const ca = await loadOrMakeCa(store, sealKey, { authority, now: new Date() });
  const manager = await loadOrMakeServiceManagerKey(store, sealKey);
  const serviceManager = { urn: serviceManagerUrn(authority), jkt: manager.jkt };
  const urn = agentUrn(authority, options.name);
  let key = await loadAgentKey(pool, urn, options.dataDir);
  const certify = async (): Promise<TlsIdentity> => {
    const { identity, issued } = await selfIssue(ca, urn, key, new Date());
    await recordCertificate(pool, issued, { urn, kind: 'agent', jkt: key.jkt });
    return identity;
  };
  let identity = await certify();
  const registrar: Registrar = {
    pool,
    ca,
    agent: { urn, publicKey: key.jwk, address: options.address },
    serviceManager,
  };
  const revocation = new Revocation(pool);
  const relay = new Relay({ ownName: tlsName(urn), enrolled: (keys) => enrolledAmong(pool, keys), log });
  let service: AgentService | null = null;
  const server = await serveTransport(
    {
      router: agentRouter,
      anonymous: true,
      context: ({ peer }) => {
        if (!service) throw new Error('called before it is ready');
        return { peer, service };
      },
      identity: () => identity,
      isRevoked: (peer) => revocation.isRevoked(peer),
      bounds: { maxBodyBytes: 1_048_576, maxConnections: 16_384 },
      front: relay.front,
      onError: (error, call) =>
        log.error({ err: error.cause ?? error, path: call.path, peer: call.peer?.urn }, 'call failed'),
    },
    options.listen,
  );
  registrar.agent.address ||= `127.0.0.1:${server.port}`;
  const self = {
    urn,
    jkt: key.jkt,
    publicKey: key.jwk.x,
    address: registrar.agent.address,
  };
  const agentId = await inTransaction(pool, (tx) => registerAgent(tx, self));
  const issuer: Issuer = { pool, agentId, urn, authority, key };
  const watchers = new Watchers(pool, options.databaseUrl, log);
  await watchers.start();
  const stop = new AbortController();
  const heartbeats = new Heartbeats(pool, watchers);
  service = {
    ...agentService(issuer, registrar, heartbeats, relay, new Principals(pool, issuer)),
    ...partnerService({ ...registrar, authority }, stop.signal),
    watch: (peer, input, signal) => watchers.watch(peer, input, signal),
  };
  const stopSaying = sayHere(pool, agentId, (err) => log.error({ err }, 'could not say that it is here'));
  const sweeping = sweepUntil(pool, stop.signal, (err) => log.error({ err }, 'sweep failed'));
  const guest = { pool, sealKey, authority, key, address: self.address, manager };
  // Of several agents the first one speaks for the deployment to others.
  const partners = urn === agentUrn(authority) ? lookAfterPartners(guest, issuer, stop.signal, log) : null;
  const rotating = again(ROTATION_LOOK_MS, stop.signal, log, 'could not look at the change of key', async () => {
    const next = await lookAtRotation(pool, agentId, options.dataDir);
    if (!next) return;
    key = next;
    issuer.key = next;
    registrar.agent.publicKey = next.jwk;
    identity = await certify();
    log.info({ jkt: next.jkt }, 'issues with another key from now on');
  });
  const renewing = setInterval(() => {
    if (renewalDue(identity, new Date())) {
      certify().then(
        (renewed) => {
          identity = renewed;
        },
        (err: unknown) => log.error({ err }, 'own certificate not renewed'),
      );
    }
  }, RENEWAL_CHECK_MS);
  return {
    urn,
    get key() {
      return key;
    },
    caPem: ca.certificatePem,
    address: registrar.agent.address,
    port: server.port,
    close: once(() => {
      stop.abort(); // those who wait for news go, so that the server can end
      return close(server, relay, heartbeats, watchers, pool, [
        () => clearInterval(renewing),
        stopSaying,
        () => sweeping,
        () => rotating,
        () => partners,
      ]);
    }),
  };
}

async function close(
  server: TransportServer,
  relay: Relay,
  heartbeats: Heartbeats,
  watchers: Watchers,
  pool: Pool,
  ends: (() => unknown)[],
): Promise<void> {
  const closing = server.close(3_000);
  relay.close();
  await watchers.close();
  await heartbeats.close();
  await closing;
  for (const end of ends) await end();
  await pool.end();
}

function agentService(
  issuer: Issuer,
  registrar: Registrar,
  heartbeats: Heartbeats,
  relay: Relay,
  principals: Principals,
): Omit<AgentService, 'watch' | keyof ReturnType<typeof partnerService>> {
  return {
    config() {
      const { urn: agent, publicKey } = registrar.agent;
      return Promise.resolve({ protocol: 1, version: VERSION, agent, publicKey, now: new Date().toISOString() });
    },
    advertisements: async (peer, input) => {
      if (peer.kind === 'principal') await principals.demand(peer);
      return advertise(issuer, input, Date.now());
    },
    issue: async (peer, input) => {
      if (peer.kind === 'principal') await principals.demandIssue(peer, input);
      return issueTickets(issuer, peer, input, Date.now());
    },
    returnTickets: async (peer, input) => {
      if (peer.kind === 'principal') await principals.demandReturn(peer, input);
      return returnTickets(issuer, input);
    },
    certifyPrincipal: (input) => certifyPrincipal(registrar, input, new Date()),
    ownSlices: (peer) => principals.ownSlices(peer),
    ownTickets: (peer, input) => principals.ownTickets(peer, input),
    ownLeases: (peer) => principals.ownLeases(peer),
    heartbeat: (peer, input) => heartbeats.take(peer, input),
    standing: async (peer, input) => {
      await takeStanding(issuer, peer, input.standing, Date.now());
      return { taken: true };
    },
    delegate: async (peer, input) => ({ accepted: await takeDelegation(issuer, peer, input.delegation, Date.now()) }),
    attend: (peer, input, signal) => relay.attend(peer, input, signal),
    enrol: (input) => enrol(registrar, input, new Date()),
    renewCertificate: (input) => renew(registrar, input, new Date()),
  };
}

/** Does it again and again until aborted; resolves then. What fails is logged and done again. */
async function again(ms: number, signal: AbortSignal, log: AgentLog, what: string, work: () => Promise<void>) {
  while (!signal.aborted) {
    await work().catch((err: unknown) => log.error({ err }, what));
    await pause(ms, undefined, { signal }).catch(() => {});
  }
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | null = null;
  return () => {
    done ??= work();
    return done;
  };
}
