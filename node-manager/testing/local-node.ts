import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { Refused } from '@/core/errors';
import { certificateSpan, createCa, issueCertificate } from '@/protocol/pki/certificate';
import { agentUrn, serviceManagerUrn } from '@/protocol/pki/names';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import { generateIdentityKey, type IdentityKey } from '@/protocol/statement/keys';
import type { DelegationClaims, TicketClaims } from '@/protocol/statement/schemas';
import { signStatement } from '@/protocol/statement/sign';
import { decodeUnverified } from '@/protocol/statement/verify';
import type { Peer } from '@/protocol/trpc';
import { SimulatedDriver } from '../drivers/simulated';
import type { Enrolment } from '../enrolment/enrolment';
import { rootDelegation } from '../enrolment/root-delegation';
import { newStatementId } from '../lease/redeem';
import { Ledger } from '../ledger';
import { programLog } from '../log';
import { NodeManager, type NodeOptions } from '../node';
import { nodeService } from '../service/service';

export const NODE = 'urn:publicid:IDN+meridian:lab+node+n';
export const SLICE = 'urn:publicid:IDN+meridian:lab+slice+lab_one';
export const CAPACITY = { cpuMilli: 1000, memoryMiB: 1024, diskMiB: 8192, networkKbps: 100_000 };
const [nodeKey, agentKey, managerKey] = [generateIdentityKey(), generateIdentityKey(), generateIdentityKey()];
export const manager: Peer = { kind: 'service-manager', urn: serviceManagerUrn('meridian'), jkt: managerKey.jkt };
export const AGENT_JKT = agentKey.jkt;
export const keys = { node: nodeKey, agent: agentKey, manager: managerKey };
const log = programLog('test', 'silent');
const ca = await createCa({ authority: 'meridian', now: new Date() });
const { pem } = await issueCertificate({ ca, publicJwk: nodeKey.jwk, urn: NODE, ...certificateSpan(new Date()) });
const agent = { urn: agentUrn('meridian'), address: '127.0.0.1:1', publicKey: agentKey.jwk };

let directory: string;
let incarnation: string;
const running: { node: NodeManager; ledger: Ledger }[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'service-'));
  incarnation = newStatementId();
});
afterEach(async () => {
  for (const { node, ledger } of running.splice(0)) {
    await node.stop(false);
    await ledger.close();
  }
  rmSync(directory, { recursive: true, force: true });
});

/** A node in this process, over the journal in a folder; `crashed` gives what a crash would have left of it. */
export async function start(journal = 'journal', clock: () => number = Date.now, policy?: NodeOptions['policy']) {
  const ledger = await Ledger.open(join(directory, journal), log, (error) => Promise.reject(error), clock);
  if (!ledger.of(NODE).incarnation) await ledger.record(NODE, { t: 'born', at: clock(), incarnation });
  const enrolment: Enrolment = {
    node: NODE,
    address: '127.0.0.1:1',
    incarnation,
    certificatePem: pem,
    caPem: ca.certificatePem,
    agent,
    agents: [agent],
    serviceManager: { urn: manager.urn, jkt: manager.jkt },
  };
  const node = new NodeManager({
    urn: NODE,
    key: nodeKey,
    address: '127.0.0.1:1',
    capacity: CAPACITY,
    driver: new SimulatedDriver(() => ({ behaviour: 'normal', startMs: 0 })),
    drivers: [],
    ledger,
    enrolments: { get: () => enrolment, put: () => {} },
    token: null,
    policy,
    log,
  });
  running.push({ node, ledger });
  const crashed = () => {
    const left = `${journal}-left`;
    cpSync(join(directory, journal), join(directory, left), { recursive: true });
    return left;
  };
  return { node, ledger, service: nodeService(node), crashed };
}

/** The node's delegation of all it has to its agent. */
export function rooted(more: Partial<DelegationClaims> = {}, at = Date.now()): string {
  const root = rootDelegation(nodeKey, NODE, incarnation, CAPACITY, agent, at);
  return signStatement('delegation+jwt', { ...decodeUnverified('delegation+jwt', root).claims, ...more }, nodeKey);
}

/** A delegation that the agent passes on. */
export function passOn(claims: DelegationClaims): string {
  return signStatement('delegation+jwt', claims, agentKey);
}

/** A ticket of the node's agent for the deployment's service manager, for an hour from `at` (epoch ms). */
export function ticket(more: Partial<TicketClaims> = {}, at = Date.now(), by: IdentityKey = agentKey): string {
  const now = Math.floor(at / 1000);
  return signStatement(
    'ticket+jwt',
    {
      iss: by.jkt,
      jti: newStatementId(),
      sub: 'urn:publicid:IDN+meridian+user+ada',
      cnf: { jkt: managerKey.jkt },
      aud: NODE,
      slice: SLICE,
      resources: DEFAULT_RESOURCES,
      start: now,
      end: now + 3600,
      graceSeconds: 0,
      nbf: now,
      exp: now + 600,
      chain: [rootDelegation(nodeKey, NODE, incarnation, CAPACITY, agent, at)],
      ...more,
    },
    by,
  );
}

/** The code of the refusal that a call ends in, or `done`. */
export const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => 'done',
    (err: unknown) => (err instanceof Refused ? err.code : err),
  );
