import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Refused } from '@/core/errors';
import { certificateSpan, createCa, issueCertificate } from '@/protocol/pki/certificate';
import { agentUrn, serviceManagerUrn } from '@/protocol/pki/names';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import { generateIdentityKey } from '@/protocol/statement/keys';
import type { TicketClaims } from '@/protocol/statement/schemas';
import { signStatement } from '@/protocol/statement/sign';
import type { Peer } from '@/protocol/trpc';
import { SimulatedDriver } from './drivers/simulated';
import type { Enrolment } from './enrolment/enrolment';
import { rootDelegation } from './enrolment/root-delegation';
import { newStatementId } from './lease/redeem';
import { Ledger } from './ledger';
import { programLog } from './log';
import { NodeManager } from './node';
import { nodeService } from './service';

const NODE = 'urn:publicid:IDN+meridian:lab+node+n';
const SLICE = 'urn:publicid:IDN+meridian:lab+slice+lab_one';
const CAPACITY = { cpuMilli: 1000, memoryMiB: 1024, diskMiB: 8192, networkKbps: 100_000 };
const [nodeKey, agentKey, managerKey] = [generateIdentityKey(), generateIdentityKey(), generateIdentityKey()];
const manager: Peer = { kind: 'service-manager', urn: serviceManagerUrn('meridian'), jkt: managerKey.jkt };
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
async function start(journal = 'journal', clock: () => number = Date.now) {
  const ledger = await Ledger.open(join(directory, journal), log, (error) => Promise.reject(error), clock);
  if (!ledger.of(NODE).incarnation) await ledger.record(NODE, { t: 'born', at: clock(), incarnation });
  const enrolment: Enrolment = {
    node: NODE,
    address: '127.0.0.1:1',
    incarnation,
    certificatePem: pem,
    caPem: ca.certificatePem,
    agent,
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

function ticket(more: Partial<TicketClaims> = {}, at = Date.now()): string {
  const now = Math.floor(at / 1000);
  return signStatement(
    'ticket+jwt',
    {
      iss: agentKey.jkt,
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
      delegation: rootDelegation(nodeKey, NODE, incarnation, CAPACITY, agent, at),
      ...more,
    },
    agentKey,
  );
}

const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => 'done',
    (err: unknown) => (err instanceof Refused ? err.code : err),
  );

describe('after a crash', () => {
  test('the same ticket gives the same lease, also before the node has looked at its slivers', async () => {
    const before = await start();
    const text = ticket();
    const first = await before.service.redeem(manager, { ticket: text });
    const after = await start(before.crashed());
    expect(await after.service.redeem(manager, { ticket: text })).toMatchObject({ lease: first.lease, again: true });
    const never = new AbortController().signal;
    const status = await after.service.sliver(manager, { slice: SLICE, waitMs: 0 }, never);
    expect(status.lease.jti).toBe(first.sliver.lease.jti);
  });

  test('nothing counts as gone before the node has looked at its slivers', async () => {
    const before = await start();
    const { sliver } = await before.service.redeem(manager, { ticket: ticket() });
    const { node, service } = await start(before.crashed());
    await node.o.driver.start(
      { id: sliver.lease.jti, slice: SLICE, hostname: 'h', resources: DEFAULT_RESOURCES },
      new AbortController().signal,
    );
    const released = service.release(manager, { slice: SLICE, burn: [] });
    const gone = node.keeper.untilGone(sliver.lease.jti, 5000).then(() => 'gone');
    expect(await Promise.race([gone, new Promise((done) => setImmediate(() => done('waits')))])).toBe('waits');
    await node.keeper.begin();
    expect((await released).outcome).toBe('released');
    expect((await node.o.driver.list(new AbortController().signal)).size).toBe(0);
  });

  test('what was refused as over stays over, also when the clock steps back', async () => {
    let now = Date.now();
    const clock = () => now;
    const before = await start('journal', clock);
    const text = ticket({}, now);
    now += 905_000; // the window is over, and the skew with it
    expect(await codeOf(before.service.redeem(manager, { ticket: text }))).toBe('EXPIRED');
    now -= 30_000;
    expect(await codeOf(before.service.redeem(manager, { ticket: text }))).toBe('EXPIRED');
    const after = await start(before.crashed(), clock);
    expect(await codeOf(after.service.redeem(manager, { ticket: text }))).toBe('EXPIRED');
  });
});

describe('what is not understood is refused', () => {
  test('a ticket that renews another is no new lease', async () => {
    const { service } = await start();
    expect(await codeOf(service.redeem(manager, { ticket: ticket({ replaces: newStatementId() }) }))).toBe(
      'WRONG_STATE',
    );
    expect(await codeOf(service.redeem(manager, { ticket: ticket() }))).toBe('done');
  });
});

test('keys are acknowledged only when they are on the disk, whoever set them', async () => {
  const { service, ledger } = await start();
  await service.redeem(manager, { ticket: ticket() });
  const set = () => service.setKeys(manager, { slice: SLICE, keys: ['ssh-ed25519 AAAA ada'] });
  const first = set();
  let durable = false;
  void ledger.settled().then(() => {
    durable = true;
  });
  expect((await set()).changed).toBe(false);
  expect(durable).toBe(true);
  await first;
});
