// biome-ignore-all lint/suspicious/useAwait: a refusal must reject, not throw
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { z } from 'zod';
import { Refused } from '@/core/errors';
import type { AgentWish } from '@/protocol/agent/agents';
import type { RevocationNotice } from '@/protocol/agent/revocations';
import type { AgentService } from '@/protocol/agent/router';
import { agentRouter } from '@/protocol/agent/router';
import type { HeartbeatInput, HeartbeatOutput } from '@/protocol/agent/schemas';
import { type Ca, caFingerprint, certificateSpan, createCa, issueCertificate } from '@/protocol/pki/certificate';
import { checkProof, enrolmentChallenge, renewalChallenge } from '@/protocol/pki/challenge';
import { encodeEnrolmentToken, newEnrolmentSecret } from '@/protocol/pki/enrolment-token';
import { selfIssue, type TlsIdentity } from '@/protocol/pki/identity';
import { agentUrn, serviceManagerUrn } from '@/protocol/pki/names';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import { generateIdentityKey, thumbprint } from '@/protocol/statement/keys';
import type { PublicJwk, TicketClaims } from '@/protocol/statement/schemas';
import { signStatement } from '@/protocol/statement/sign';
import { decodeUnverified } from '@/protocol/statement/verify';
import { nodeManagerClient } from '@/protocol/transport/client';
import { serveTransport } from '@/protocol/transport/server';
import { newStatementId } from '../lease/redeem';

export const AUTHORITY = 'meridian';

/**
 * A deployment without a database: CA, agent and service manager in the test's process, over the real transport. It believes
 * every node, and issues whatever ticket a test asks for, also wrong ones.
 */
export async function agentStub(options: { port?: number; host?: string; ca?: Ca; name?: string } = {}) {
  const ca = options.ca ?? (await createCa({ authority: AUTHORITY, now: new Date() }));
  const ownUrn = agentUrn(AUTHORITY, options.name);
  const agentKey = generateIdentityKey();
  const managerKey = generateIdentityKey();
  const agentIdentity = (await selfIssue(ca, ownUrn, agentKey, new Date())).identity;
  const manager: TlsIdentity = (await selfIssue(ca, serviceManagerUrn(AUTHORITY), managerKey, new Date())).identity;
  const nodes = new Map<string, { key: PublicJwk; address: string; incarnation: string }>();
  const delegations = new Map<string, string>();
  const heartbeats: (z.infer<typeof HeartbeatInput> & { node: string })[] = [];
  const journals = new Map<string, { incarnation: string; sequence: number }>();
  const formers = new Set<string>();
  const secrets = new Map<string, string>();
  const answer: Partial<z.infer<typeof HeartbeatOutput>> = {};
  const revocations: RevocationNotice[] = [];
  const waiting = new Set<() => void>();
  const wakeAll = () => {
    for (const wake of waiting) wake();
    waiting.clear();
  };
  const state = { certificateMs: null as number | null, renewals: 0 };
  /** Thumbprints of grantees for whom it takes nothing, and how often it did not. */
  const refuses = new Set<string>();
  const counts = { refused: 0 };
  const host = options.host ?? '127.0.0.1';

  const certify = async (urn: string, publicJwk: PublicJwk) => {
    const span = certificateSpan(new Date());
    if (state.certificateMs !== null)
      Object.assign(span, { notBefore: new Date(), notAfter: new Date(Date.now() + state.certificateMs) });
    const issued = await issueCertificate({ ca, publicJwk, urn, ...span });
    return {
      certificate: issued.pem,
      ca: ca.certificatePem,
      notAfter: issued.notAfter.toISOString(),
      agent: { urn: ownUrn, publicKey: agentKey.jwk, address: `${host}:${server.port}` },
      serviceManager: { urn: serviceManagerUrn(AUTHORITY), jkt: managerKey.jkt },
    };
  };
  /** Everything, to this agent; with what it has. */
  const wish = (given: string | undefined, incarnation: string): AgentWish => {
    const held = given === undefined ? null : decodeUnverified('delegation+jwt', given).claims;
    return {
      urn: ownUrn,
      publicKey: agentKey.jwk,
      address: `${host}:${server.port}`,
      shareMilli: 1000,
      degreeMilli: 1000,
      holds: held?.incarnation === incarnation ? { rights: held.rights, degreeMilli: held.degreeMilli } : null,
      held: false,
      wantStanding: false,
      next: false,
    };
  };
  const unused = () => {
    throw new Refused('NOT_FOUND', { kind: 'procedure', id: 'not in this stub' });
  };
  const service: AgentService = {
    config: async () => ({
      protocol: 1,
      version: '0',
      agent: ownUrn,
      publicKey: agentKey.jwk,
      now: new Date().toISOString(),
    }),
    advertisements: unused,
    issue: unused,
    returnTickets: unused,
    certifyPrincipal: unused,
    ownSlices: unused,
    ownTickets: unused,
    ownLeases: unused,
    standing: unused,
    attend: unused,
    async watch(_peer, { heard }, signal) {
      const missing = () => revocations.filter((one) => one.number > heard);
      if (missing().length === 0)
        await new Promise<void>((resolve) => {
          waiting.add(resolve);
          signal?.addEventListener('abort', () => resolve());
        });
      return { heard: missing().at(-1)?.number ?? heard, revocations: missing() };
    },
    joinPartner: unused,
    certifyPartner: unused,
    granted: unused,
    async heartbeat(peer, input) {
      heartbeats.push({ ...input, node: peer.urn });
      const known = journals.get(peer.urn);
      const seen =
        known?.incarnation === input.incarnation
          ? Math.max(known.sequence, input.journalSequence)
          : input.journalSequence;
      const former = formers.has(`${peer.urn} ${input.incarnation}`);
      if (known && known.incarnation !== input.incarnation && !former) formers.add(`${peer.urn} ${known.incarnation}`);
      if (!former) journals.set(peer.urn, { incarnation: input.incarnation, sequence: seen });
      return {
        now: new Date().toISOString(),
        wantFull: false,
        adminSwitch: 'open',
        revokedKeys: [],
        agents: [wish(delegations.get(peer.urn), input.incarnation)],
        journalSeen: former ? input.journalSequence + 1 : seen,
        ...answer,
      };
    },
    async delegate(peer, { delegation }) {
      if (refuses.has(thumbprint(decodeUnverified('delegation+jwt', delegation).claims.grantee))) {
        counts.refused += 1;
        throw new Refused('WRONG_HOLDER', { expected: agentKey.jkt, got: 'another' });
      }
      delegations.set(peer.urn, delegation);
      return { accepted: true };
    },
    async enrol(input) {
      if (secrets.get(input.secret) !== input.node) throw new Refused('TOKEN_INVALID', { problem: 'unknown' });
      if (!checkProof(enrolmentChallenge(input), input.proof, input.publicKey))
        throw new Refused('TOKEN_INVALID', { problem: 'proof' });
      nodes.set(input.node, { key: input.publicKey, address: input.address, incarnation: input.incarnation });
      return certify(input.node, input.publicKey);
    },
    async renewCertificate(input) {
      if (!checkProof(renewalChallenge(input), input.proof, input.publicKey))
        throw new Refused('CERTIFICATE_INVALID', { problem: 'proof' });
      state.renewals += 1;
      nodes.set(input.urn, { key: input.publicKey, address: input.address, incarnation: input.incarnation });
      return certify(input.urn, input.publicKey);
    },
  };
  const listen = { host: '0.0.0.0', port: options.port ?? 0 };
  const server = await serveTransport(
    {
      router: agentRouter,
      identity: () => agentIdentity,
      isRevoked: () => false,
      anonymous: true,
      bounds: { maxBodyBytes: 1_048_576 }, // as the agent's
      context: ({ peer }) => ({ peer, service }),
    },
    listen,
  );

  return {
    refuses,
    get refused() {
      return counts.refused;
    },
    heartbeats,
    delegations,
    /** Takes something back: nodes that wait hear of it at once. */
    revoke(what: Partial<RevocationNotice> & Pick<RevocationNotice, 'kind'>): void {
      const number = revocations.length + 1;
      const nothing = {
        jkt: null,
        iss: null,
        jti: null,
        endLeases: false,
        reason: 'a test',
        by: 'Ada',
        expiresAt: null,
      };
      revocations.push({ ...nothing, at: new Date().toISOString(), ...what, number });
      wakeAll();
    },
    answer,
    state,
    nodes,
    managerKey,
    agentKey,
    ca,
    port: server.port,
    token(node: string): string {
      const { secret } = newEnrolmentSecret();
      secrets.set(secret, node);
      return encodeEnrolmentToken({
        v: 1,
        agent: `${host}:${server.port}`,
        ca: caFingerprint(ca.certificatePem),
        node,
        secret,
      });
    },
    /** Calls a node as the service manager, or as whoever is given. */
    client(node: string, as: TlsIdentity = manager) {
      const known = nodes.get(node);
      if (!known) throw new Error(`${node} has not enrolled`);
      return nodeManagerClient({ address: known.address, urn: node, jkt: thumbprint(known.key) }, as);
    },
    /** Another identity of this deployment, by URN. */
    async identity(urn: string) {
      return (await selfIssue(ca, urn, generateIdentityKey(), new Date())).identity;
    },
    /** A ticket for a sliver that starts now and lasts an hour, unless told otherwise. */
    ticket(node: string, slice: string, more: Partial<TicketClaims> = {}): string {
      const delegation = delegations.get(node);
      if (!delegation) throw new Error(`${node} has not delegated`);
      const now = Math.floor(Date.now() / 1000);
      const claims: TicketClaims = {
        iss: agentKey.jkt,
        jti: newStatementId(),
        sub: `urn:publicid:IDN+${AUTHORITY}+user+ada`,
        cnf: { jkt: managerKey.jkt },
        aud: node,
        slice,
        resources: DEFAULT_RESOURCES,
        start: now,
        end: now + 3600,
        graceSeconds: 0,
        nbf: now - 10,
        exp: now + 3600,
        chain: [delegation],
        ...more,
      };
      return signStatement('ticket+jwt', claims, agentKey);
    },
    close: () => {
      wakeAll();
      return server.close(500);
    },
  };
}
export type AgentStub = Awaited<ReturnType<typeof agentStub>>;

export const nodeUrn = (name: string) => `urn:publicid:IDN+${AUTHORITY}:lab+node+${name}`;
export const sliceUrn = (name: string) => `urn:publicid:IDN+${AUTHORITY}:lab+slice+lab_${name}`;
export const tempDirectory = (label: string) => mkdtempSync(join(tmpdir(), `meridian-${label}-`));

/** Polls until the condition gives something, or fails at the deadline saying what was awaited. */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  ms = 10_000,
): Promise<NonNullable<Exclude<T, false>>> {
  const deadline = Date.now() + ms;
  for (;;) {
    const value = await condition();
    if (value) return value as NonNullable<Exclude<T, false>>; // neither false, null nor undefined
    if (Date.now() > deadline) throw new Error(`waited ${ms} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
