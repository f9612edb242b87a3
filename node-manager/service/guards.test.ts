import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { Refused } from '@/core/errors';
import { nodeManagerRouter } from '@/protocol/node-manager/router';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import { decodeUnverified } from '@/protocol/statement/verify';
import { type Peer, refusedFrom } from '@/protocol/trpc';
import type { PtyGuest } from '../drivers/entrance';
import { newStatementId } from '../lease/redeem';
import { programLog } from '../log';
import { Terminals } from '../terminal/terminals';
import { codeOf, manager, SLICE, start, ticket } from '../testing/local-node';
import { HOLDER_BOUNDS, HolderRates } from './holder-bounds';

const jkt = (name: string) => name.padEnd(43, '_');
const peer = (kind: Peer['kind'], name: string): Peer => ({
  kind,
  urn: `urn:publicid:IDN+meridian+user+${name}`,
  jkt: jkt(name),
});
/** Holders first; `stranger` has the name of the service manager with another key. */
const PEERS: Record<string, Peer> = {
  manager,
  principal: peer('principal', 'ada'),
  'partner-manager': peer('partner-manager', 'b'),
  agent: peer('agent', 'am'),
  node: peer('node', 'n2'),
  'partner-agent': peer('partner-agent', 'bam'),
  stranger: peer('service-manager', 'sm2'),
};
const HOLDERS = ['manager', 'principal', 'partner-manager'];
const other = peer('principal', 'other');

type Local = Awaited<ReturnType<typeof start>>;
type Name = keyof typeof nodeManagerRouter._def.procedures;
type Ask = { slice: string; terminal: string; cnf: string; of: string };

/** What each call is asked with, about a slice that is the peer's own, another's, or nobody's. */
const INPUT: Record<Name, (ask: Ask) => unknown> = {
  config: () => undefined,
  status: () => undefined,
  check: ({ slice }) => ({ slice, resources: DEFAULT_RESOURCES, durationSeconds: 60 }),
  redeem: ({ cnf }) => ({ ticket: ticket({ cnf: { jkt: cnf }, slice: `${SLICE}_new` }) }),
  redeemAll: ({ cnf }) => ({ tickets: [ticket({ cnf: { jkt: cnf }, slice: `${SLICE}_new` })] }),
  renew: ({ cnf, of }) => ({ ticket: ticket({ cnf: { jkt: cnf }, slice: SLICE, replaces: of }) }),
  release: ({ slice }) => ({ slice }),
  setKeys: ({ slice }) => ({ slice, keys: [] }),
  keys: ({ slice }) => ({ slice }),
  slivers: () => undefined,
  sliver: ({ slice }) => ({ slice }),
  usage: ({ slice }) => ({ slice }),
  publish: ({ slice }) => ({ slice, protocol: 'tcp', internal: 80 }),
  unpublish: ({ slice }) => ({ slice, protocol: 'tcp', external: 80 }),
  flows: () => ({ at: new Date().toISOString() }),
  ports: ({ slice }) => ({ slice }),
  refusal: ({ cnf, of }) => ({ iss: cnf, jti: of }),
  standing: ({ cnf }) => ({ issuer: cnf }),
  createSliver: ({ slice }) => ({ slice, waitMs: 0 }),
  start: ({ slice }) => ({ slice, waitMs: 0 }),
  stop: ({ slice }) => ({ slice, waitMs: 0 }),
  reset: ({ slice }) => ({ slice, waitMs: 0 }),
  update: ({ slice }) => ({ slice, limits: {} }),
  logs: ({ slice }) => ({ slice }),
  exec: ({ slice }) => ({ slice, argv: ['true'] }),
  access: ({ slice }) => ({ slice }),
  terminalOpen: ({ slice }) => ({ slice, cols: 80, rows: 24, who: 'ada' }),
  terminalRead: ({ terminal }) => ({ id: terminal, from: 0, waitMs: 0 }),
  terminalWrite: ({ terminal }) => ({ id: terminal, at: 0, data: '' }),
  terminalClose: ({ terminal }) => ({ id: terminal }),
};
const NAMES = Object.keys(INPUT) as Name[]; // the record's own keys

/** Calls that are not about one slice, and who may make them. */
const ABOUT_NONE: Partial<Record<Name, readonly string[]>> = {
  config: [...HOLDERS, 'agent'],
  status: ['manager', 'agent'],
  check: ['manager', 'agent'],
  flows: ['manager'],
  slivers: HOLDERS,
  refusal: HOLDERS,
  standing: [...HOLDERS, 'agent', 'partner-agent'],
  usage: [...HOLDERS, 'agent'],
};
/** What a holder is told of a slice that is not its own: the same, whether it is another's or nobody's. */
const NOT_OWN: Partial<Record<Name, string>> = {
  redeem: 'WRONG_HOLDER',
  redeemAll: 'done', // each ticket has its own answer: below
  renew: 'WRONG_HOLDER',
  release: 'done', // nothing: below
  terminalRead: 'NOT_FOUND',
  terminalWrite: 'NOT_FOUND',
  terminalClose: 'NOT_FOUND',
};

let guests = 0;
function terminals(): Terminals {
  const openTerminal = async (): Promise<PtyGuest> => ({
    mark: String(guests++),
    said: null,
    ended: new Promise(() => {}),
    end: () => {},
    output: new PassThrough(),
    write: () => Promise.resolve(),
    resize: () => {},
  });
  const none = () => {
    throw new Error('not asked for');
  };
  return new Terminals(
    { openTerminal, hasProgram: none, isOpen: none, furnish: none, serve: none, guests: none, end: none },
    programLog('test', 'silent'),
  );
}

/** A node on which `holder` has a running sliver of SLICE, with a terminal open in it. */
async function withLease(holder: Peer): Promise<Local & { terminal: string; of: string }> {
  const local = await start(`journal-${newStatementId()}`);
  const { node, service } = local;
  const held = terminals();
  Object.defineProperty(node, 'access', {
    value: {
      terminals: held,
      view: () => ({ ssh: null, noSsh: null, noTerminal: null }),
      changed: () => {},
      close: () => held.close(),
    },
  });
  await node.keeper.begin();
  const text = ticket({ cnf: { jkt: holder.jkt } });
  await service.redeem(holder, { ticket: text, waitMs: 5_000 });
  const { id } = await service.terminalOpen(holder, { slice: SLICE, cols: 80, rows: 24, who: 'x' });
  return { ...local, terminal: id, of: decodeUnverified('ticket+jwt', text).claims.jti };
}

async function ask(local: Local, who: Peer, name: Name, about: Ask): Promise<string> {
  const call: unknown = Reflect.get(nodeManagerRouter.createCaller({ peer: who, service: local.service }), name);
  if (typeof call !== 'function') throw new Error(name);
  try {
    await call(INPUT[name](about));
    return 'done';
  } catch (err) {
    return refusedFrom(err)?.code ?? String(err);
  }
}

test('the table knows every call of the node', () => {
  expect(NAMES.sort()).toEqual(Object.keys(nodeManagerRouter._def.procedures).sort());
});

describe.each(Object.keys(PEERS))('%s', (kind) => {
  const who = PEERS[kind] ?? other;
  const may = (name: Name) => (ABOUT_NONE[name] ?? HOLDERS).includes(kind);

  test('may do with its own lease what it may, and nothing with another’s, which looks like none', async () => {
    const [owns, others] = [await withLease(HOLDERS.includes(kind) ? who : manager), await withLease(other)];
    for (const name of [...NAMES.filter((one) => one !== 'release'), 'release' as const]) {
      const own = await ask(owns, who, name, { ...owns, slice: SLICE, cnf: who.jkt });
      const another = await ask(others, who, name, { ...others, slice: SLICE, cnf: other.jkt });
      const none = await ask(others, who, name, {
        ...others,
        slice: `${SLICE}_none`,
        terminal: newStatementId().padEnd(22, 'x'),
        cnf: other.jkt,
      });
      if (!may(name)) expect([name, own, another, none]).toEqual([name, ...Array(3).fill('NOT_ALLOWED')]);
      else if (ABOUT_NONE[name]) expect([name, own]).not.toEqual([name, 'NOT_ALLOWED']);
      else {
        expect([name, own]).not.toEqual([name, 'NOT_ALLOWED']);
        expect([name, own]).not.toEqual([name, 'NO_LEASE']);
        const no = NOT_OWN[name] ?? 'NO_LEASE';
        expect([name, another, none]).toEqual([name, no, no]);
      }
      expect([name, others.node.state.leases.size]).toEqual([name, 1]); // whatever was asked, the other's is as it was
    }
  });
});

describe('what a holder is told and may burn', () => {
  const ada = peer('principal', 'ada');

  test('the host’s matters are the deployment’s alone', async () => {
    const { service, node } = await start();
    Object.defineProperty(node.o, 'drivers', { value: [{ name: 'oci', able: false, missing: ['crun at /usr/bin'] }] });
    Object.defineProperty(node.monitor, 'host', { value: () => ({ kernel: '6.1' }) });
    expect((await service.config(manager)).drivers[0]?.missing).toHaveLength(1);
    expect((await service.config(ada)).drivers[0]?.missing).toEqual([]);
    expect((await service.usage(manager, {})).host).toMatchObject({ kernel: '6.1' });
    expect((await service.usage(ada, {})).host).toBeNull();
  });

  test('a release of another’s slice releases nothing, a list of tickets is judged one by one', async () => {
    const { service } = await withLease(other);
    expect(await service.release(ada, { slice: SLICE, burn: [] })).toEqual({ outcome: 'nothing', receipts: [] });
    const { results } = await service.redeemAll(ada, { tickets: [ticket({ cnf: { jkt: other.jkt } })] });
    expect(results).toMatchObject([{ refused: { code: 'WRONG_HOLDER' } }]);
  });

  test('nobody burns another’s ticket, nor learns what became of it', async () => {
    const { service, node } = await start();
    await node.keeper.begin();
    const [own, theirs] = [ticket({ cnf: { jkt: ada.jkt } }), ticket({ cnf: { jkt: other.jkt } })];
    const ref = (text: string) => {
      const { iss, jti } = decodeUnverified('ticket+jwt', text).claims;
      return { iss, jti };
    };
    const burn = (who: Peer, entry: { iss: string; jti: string; ticket?: string }) =>
      codeOf(service.release(who, { slice: SLICE, burn: [entry] }));
    expect(await burn(ada, ref(theirs))).toBe('INVALID_INPUT');
    expect(await burn(ada, { ...ref(theirs), ticket: theirs })).toBe('WRONG_HOLDER');
    expect(await burn(ada, { ...ref(theirs), ticket: own })).toBe('INVALID_INPUT');
    const forged = own.split('.');
    const claims = { ...decodeUnverified('ticket+jwt', own).claims, ...ref(theirs) };
    forged[1] = Buffer.from(JSON.stringify(claims)).toString('base64url');
    expect(await burn(ada, { ...ref(theirs), ticket: forged.join('.') })).toBe('BAD_SIGNATURE');
    expect(node.state.spent.size).toBe(0);
    expect(await codeOf(service.redeem(other, { ticket: theirs }))).toBe('done');
    await service.release(other, { slice: SLICE, burn: [] });

    const receipts = async () =>
      (await service.release(ada, { slice: SLICE, burn: [{ ...ref(own), ticket: own }] })).receipts;
    const [first] = await receipts();
    expect(await receipts()).toEqual([first]);
    expect(await codeOf(service.redeem(ada, { ticket: own }))).toBe('TICKET_BURNT');
    // The deployment's own still burns by name.
    const late = ticket();
    expect(await burn(manager, ref(late))).toBe('done');
    expect(await codeOf(service.redeem(manager, { ticket: late }))).toBe('TICKET_BURNT');
  });

  test('what became of a ticket whose window is over can still be asked for by its holder', async () => {
    let now = Date.now();
    const { service } = await start('journal', () => now);
    const text = ticket({ cnf: { jkt: ada.jkt } }, now);
    const { iss, jti } = decodeUnverified('ticket+jwt', text).claims;
    const burn = () => service.release(ada, { slice: SLICE, burn: [{ iss, jti, ticket: text }] });
    const before = await burn();
    now += 2 * 3_600_000;
    expect(await burn()).toEqual(before);
  });

  test('a slice on a node is one holder’s: nobody comes to its keys by a lease that begins later', async () => {
    const { service, node } = await start();
    await node.keeper.begin();
    const at = Math.floor(Date.now() / 1000);
    const partner = peer('partner-manager', 'b');
    const later = ticket({ cnf: { jkt: partner.jkt }, start: at + 7200, end: at + 10_800 });
    await service.redeem(manager, { ticket: ticket() });
    expect(await codeOf(service.redeem(partner, { ticket: later }))).toBe('ALREADY_LEASED');
    expect(await codeOf(service.setKeys(partner, { slice: SLICE, keys: [] }))).toBe('NO_LEASE');
    await service.release(manager, { slice: SLICE, burn: [] });
    expect(await codeOf(service.redeem(partner, { ticket: later }))).toBe('done');
  });

  test('a principal has so many leases on a node, and no more', async () => {
    const { service, node } = await start();
    const lease = (n: number, who: Peer) =>
      codeOf(
        service.redeem(who, {
          ticket: ticket({
            cnf: { jkt: who.jkt },
            slice: `${SLICE}_${n}`,
            resources: { ...DEFAULT_RESOURCES, cpuMilli: 0, memoryMiB: 1, diskMiB: 1, networkKbps: 0 },
          }),
        }),
      );
    const { leases } = HOLDER_BOUNDS.principal;
    const outcomes = [];
    for (let n = 0; n <= leases; n++) outcomes.push(await lease(n, ada));
    expect(outcomes.filter((code) => code === 'done')).toHaveLength(leases);
    expect(outcomes.at(-1)).toBe('TOO_MANY_SLIVERS');
    expect(await lease(1000, other)).toBe('done');
    expect(node.state.leases.size).toBe(leases + 1);
  });
});

test('a holder that asks too fast waits, the others do not', () => {
  let now = 0;
  const rates = new HolderRates(() => now);
  const [ada, bob] = [peer('principal', 'ada'), peer('principal', 'bob')];
  const code = (who: Peer, cost = 1) => {
    try {
      rates.take(who, cost);
      return 'done';
    } catch (err) {
      return err instanceof Refused ? [err.code, err.facts.retryAfterSeconds] : err;
    }
  };
  for (let i = 0; i < HOLDER_BOUNDS.principal.burst; i++) expect(code(ada)).toBe('done');
  expect(code(ada)).toEqual(['RATE_LIMITED', 1]);
  expect(code(bob, 50)).toBe('done');
  for (let i = 0; i < 5000; i++) expect(code(manager, 10)).toBe('done');
  now += 1000;
  for (let i = 0; i < HOLDER_BOUNDS.principal.perSecond; i++) expect(code(ada)).toBe('done');
  expect(code(ada)).toEqual(['RATE_LIMITED', 1]);
});
