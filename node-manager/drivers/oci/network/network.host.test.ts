import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { programLog } from '@/node-manager/log';
import { nodeUrn, tempDirectory, until } from '@/node-manager/testing/agent-stub';
import { hostLacks } from '@/node-manager/testing/host';
import { Elsewhere, output } from '@/node-manager/testing/internet';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import type { OciDriver } from '../oci-driver';
import { ownNames } from '../oci-driver';
import { probeOci } from '../probe';
import { gateway4, gateway6, sliverAddresses } from './addresses';
import type { BridgeNetwork } from './bridge-network';
import { vethName } from './names';
import { DEFAULT_NETWORK } from './open-network';

const lacks = await hostLacks('networks of slivers', { network: true });
const { signal } = new AbortController();
/** What the node may send and receive in all, and so the most that one sliver can. */
const CAPACITY_KBPS = 20_000;

describe.skipIf(lacks.length > 0)("slivers' network", { timeout: 60_000 }, () => {
  const NODE = nodeUrn(`net-${process.pid}.lab.example`);
  let data: string;
  let driver: OciDriver;
  let internet: Elsewhere;
  const forwardedBefore = readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8');

  const open = async () => {
    const probed = await probeOci(data, NODE, programLog('test', 'silent'), undefined, {
      ...DEFAULT_NETWORK,
      capacityKbps: CAPACITY_KBPS,
      nameservers: ['192.0.2.53'],
    });
    if (!('driver' in probed)) throw new Error(probed.missing.join('; '));
    return probed.driver;
  };
  // The driver has a bridge: the host was asked above.
  const network = () => driver.network as BridgeNetwork;
  const start = (id: string, more: Partial<typeof DEFAULT_RESOURCES> = {}) =>
    driver.start({ id, slice: `slice-${id}`, user: 'ada', hostname: id, resources: { ...DEFAULT_RESOURCES, ...more } });
  const sh = async (id: string, script: string, timeoutMs = 15_000) =>
    await driver.exec(id, ['sh', '-c', script], { timeoutMs, maxBytes: 100_000, signal });
  const addressOf = (id: string) => {
    const slot = network().slots.byId.get(id)?.slot ?? -1;
    return { ...sliverAddresses(network().names.tag, network().subnets, slot), veth: vethName(network().names, slot) };
  };
  const pidOf = (id: string) => readFileSync(`${ownNames(NODE, data).runtime}/s-${id}/pid`, 'utf8').trim();
  /** As the sliver, with all rights over its network: what a sliver that broke out of its user namespace's limits could do. */
  const asRoot = (id: string, script: string) =>
    output(['nsenter', `--net=/proc/${pidOf(id)}/ns/net`, 'sh', '-c', script]);
  const reach = async (id: string, host: string, port: number) =>
    (await sh(id, `echo hello | nc -w 1 ${host} ${port}`)).stdout.trim();

  beforeAll(async () => {
    data = tempDirectory('net');
    internet = new Elsewhere();
    driver = await open();
    await Promise.all([start('one'), start('two')]);
  }, 60_000);
  afterAll(async () => {
    for (const id of (await driver.list()).keys()) await driver.remove(id);
    const { bridge, ifb, table } = network().names;
    await driver.close();
    internet.close();
    const links = execFileSync('ip', ['-o', 'link'], { encoding: 'utf8' });
    for (const name of [bridge, ifb, network().names.vethPrefix]) expect(links).not.toContain(name);
    expect(execFileSync('nft', ['list', 'tables'], { encoding: 'utf8' })).not.toContain(table);
    if (!readdirSync('/run/meridian').some((name) => name.startsWith('networks-')))
      expect(readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8')).toBe(forwardedBefore);
    expect(existsSync(ownNames(NODE, data).runtime)).toBe(false);
    rmSync(data, { recursive: true, force: true });
  });

  /** Answers with the address and port that it sees. */
  const echoServer = (host: string, port = 0) =>
    internet.serve(`const s = require('node:net').createServer((c) => {
      c.on('error', () => {}); c.end(c.remoteAddress + ' ' + c.remotePort + '\\n'); console.log(c.remoteAddress, c.remotePort);
    }).listen(${port}, '${host}', () => console.log(s.address().port))`);

  test('out into the world behind the address of the host, with IPv4 and IPv6', async () => {
    const four = await echoServer(internet.address);
    expect(await reach('one', internet.address, Number(four.line))).toMatch(`${internet.here} `);
    const six = await echoServer(internet.address6);
    expect(await reach('one', internet.address6, Number(six.line))).toMatch(/^fd6d:7e57:\w+::1 /);
    expect((await sh('one', 'cat /etc/resolv.conf')).stdout).toBe('nameserver 192.0.2.53\n');
    expect((await sh('one', 'echo x > /etc/resolv.conf')).exitCode).not.toBe(0);
  });

  test('one sliver reaches no other, neither by IP nor by frames', async () => {
    await sh('two', 'nc -ll -p 7777 -e echo two >/dev/null 2>&1 &');
    await until('it to listen', async () => (await sh('two', 'netstat -tln')).stdout.includes(':7777'));
    expect(await reach('two', '127.0.0.1', 7777)).toBe('two');
    expect(await reach('one', addressOf('two').ipv4, 7777)).toBe('');
    expect(await reach('one', addressOf('two').ipv6, 7777)).toBe('');
    // On the wire itself, the other's address and hardware address put in by hand: a datagram, for which no answer is needed.
    const two = addressOf('two');
    const seen = await internet.serveUnder(
      ['nsenter', `--net=/proc/${pidOf('two')}/ns/net`],
      `const s = require('node:dgram').createSocket('udp4'); s.on('message', (m) => console.log(m.toString()));
        s.bind(0, () => console.log(s.address().port))`,
    );
    const datagram = (word: string) =>
      `${process.execPath} -e "const s=require('node:dgram').createSocket('udp4');s.send('${word}',${seen.line},'${two.ipv4}',()=>s.close())"`;
    await asRoot(
      'one',
      `ip route add ${two.ipv4} dev eth0; ip neigh replace ${two.ipv4} lladdr ${two.mac} dev eth0; ${datagram('attack')}`,
    );
    await output(['sh', '-c', datagram('host')]); // only the host itself is a neighbour
    await until('the one of the host', () => seen.lines.includes('host'));
    expect(seen.lines).not.toContain('attack');
    // From elsewhere, with a route to the slivers' own addresses.
    expect(await internet.run(`busybox nc -w 1 ${addressOf('two').ipv4} 7777`)).toBe('');
  });

  describe('the host', () => {
    let server: Server;
    let port: number;
    beforeAll(async () => {
      server = createServer((c) => c.on('error', () => {}).end('host')).listen(0, '::');
      await new Promise((done) => server.once('listening', done));
      const address = server.address();
      port = typeof address === 'object' && address ? address.port : 0;
    });
    afterAll(() => server.close());

    test('offers none of its services to a sliver, under none of its addresses', async () => {
      const { subnets } = network();
      for (const host of [gateway4(subnets), internet.here, gateway6(subnets), internet.here6, '169.254.169.254'])
        expect(`${host} ${await reach('one', host, port)}`).toBe(`${host} `);
      // Others reach it, so the silence above is the fence's.
      expect(await internet.run(`busybox nc -w 3 ${internet.here} ${port}`)).toBe('host');
      // Link-local addresses are the host's own business, such as a cloud's metadata.
      internet.give('169.254.77.9');
      const metadata = await echoServer('169.254.77.9');
      expect(await output(['busybox', 'nc', '-w', '3', '169.254.77.9', metadata.line])).not.toBe('');
      expect(await reach('one', '169.254.77.9', Number(metadata.line))).toBe('');
      const loose = await asRoot(
        'one',
        `ip route add 127.0.0.9 via ${gateway4(subnets)}; busybox nc -w 1 127.0.0.9 ${port}`,
      );
      expect(loose).toBe('');
    });
  });

  test('a packet with another source than its own goes nowhere', async () => {
    const seen = await internet.serve(`const s = require('node:dgram').createSocket('udp4');
      s.on('message', (m, r) => console.log(m.toString(), r.address)); s.bind(0, '${internet.address}', () => console.log(s.address().port))`);
    const two = addressOf('two');
    const udp = (id: string, word: string, from: string) =>
      asRoot(
        id,
        `${process.execPath} -e "const s=require('node:dgram').createSocket('udp4');s.bind(0,'${from}',()=>s.send('${word}',${seen.line},'${internet.address}',()=>setTimeout(()=>s.close(),50)))"`,
      );
    // Its own address passes: the sender works.
    await udp('one', 'honest', addressOf('one').ipv4);
    await until('the honest one', () => seen.lines.some((line) => line.startsWith('honest')));
    // Another's address, its own hardware address; a foreign one; another's hardware address.
    await asRoot('one', `ip addr add ${two.ipv4}/32 dev eth0; ip addr add 203.0.113.9/32 dev eth0`);
    await udp('one', 'other', two.ipv4);
    await udp('one', 'foreign', '203.0.113.9');
    await asRoot('one', `ip link set eth0 address ${two.mac}`);
    await udp('one', 'mac', addressOf('one').ipv4);
    await udp('one', 'both', two.ipv4);
    await asRoot('one', `ip link set eth0 address ${addressOf('one').mac}; ip addr del ${two.ipv4}/32 dev eth0`);
    await asRoot('one', `ip route replace default via ${gateway4(network().subnets)} dev eth0`);
    await udp('one', 'again', addressOf('one').ipv4);
    await until('the last honest one', () => seen.lines.some((line) => line.startsWith('again')));
    expect(seen.lines.slice(1).map((line) => line.split(' ')[0])).toEqual(['honest', 'again']);
  });

  /** What a reader elsewhere gets of a sliver that sends for a while, or a sliver of a sender elsewhere; kbit/s of payload. */
  const sink = (host: string) =>
    internet.serve(`const s = require('node:net').createServer((c) => { let n = 0, t = 0, l = 0;
      c.on('error', () => {}); c.on('data', (d) => { l = Date.now(); t ||= l; n += d.length; });
      c.on('close', () => console.log(Math.round(n * 8 / Math.max(1, l - t)))); }).listen(0, '${host}', () => console.log(s.address().port))`);
  const source = (host: string) =>
    internet.serve(`const b = Buffer.alloc(65536); const s = require('node:net').createServer({ allowHalfOpen: true }, (c) => { c.on('error', () => {});
      const go = () => { while (c.writable && c.write(b)); }; c.on('drain', go); go(); }).listen(0, '${host}', () => console.log(s.address().port))`);
  const SECONDS = 2;
  const receive = async (id: string, port: string) => {
    const { stdout } = await sh(id, `sleep ${SECONDS} | timeout ${SECONDS} nc ${internet.address} ${port} | wc -c`);
    return (Number(stdout.trim()) * 8) / 1000 / SECONDS;
  };

  test('no sliver sends or receives faster than the node may; a reservation holds when all want more', async () => {
    const from = await source(internet.address);
    const to = await sink(internet.address);
    await driver.network.update({
      id: 'one',
      slice: '',
      user: '',
      resources: { networkKbps: 12_000, networkShare: 100 },
    });
    await driver.network.update({ id: 'two', slice: '', user: '', resources: { networkKbps: 0, networkShare: 100 } });
    const alone = await receive('two', from.line);
    expect(alone).toBeLessThan(CAPACITY_KBPS * 1.2);
    expect(alone).toBeGreaterThan(CAPACITY_KBPS * 0.5); // what is idle may be used
    await sh('one', `timeout ${SECONDS} nc ${internet.address} ${to.line} < /dev/zero`);
    await until('the rate', () => to.lines[1]);
    expect(Number(to.lines[1])).toBeLessThan(CAPACITY_KBPS * 1.2);
    expect(Number(to.lines[1])).toBeGreaterThan(CAPACITY_KBPS * 0.5);
    const [one, two] = await Promise.all([receive('one', from.line), receive('two', from.line)]);
    expect(one + two).toBeLessThan(CAPACITY_KBPS * 1.2);
    expect(one).toBeGreaterThan(12_000 * 0.85);
    // In place, the other way round.
    await driver.network.update({ id: 'one', slice: '', user: '', resources: { networkKbps: 0, networkShare: 50 } });
    await driver.network.update({ id: 'two', slice: '', user: '', resources: { networkKbps: 0, networkShare: 450 } });
    const [little, much] = await Promise.all([receive('one', from.line), receive('two', from.line)]);
    expect(much).toBeGreaterThan(3 * little);
    expect(little).toBeGreaterThan(0.03 * CAPACITY_KBPS);
  });

  test('a published port leads in, for whom it is meant, and no longer when it is withdrawn', async () => {
    await sh('two', 'nc -ll -p 8080 -e echo published >/dev/null 2>&1 &');
    await until('it to listen', async () => (await sh('two', 'netstat -tln')).stdout.includes(':8080'));
    const { network: net } = driver;
    const ask = (host = internet.here) => internet.run(`busybox nc -w 1 ${host} 30123`);
    const port = { protocol: 'tcp' as const, external: 30_123, internal: 8080 };
    expect(await ask()).toBe('');
    await net.setPorts('two', [{ ...port, sources: [] }]);
    expect(await ask()).toBe('published\n');
    expect(await ask(internet.here6)).toBe('published\n');
    expect(await reach('one', internet.here, 30_123)).toBe('published'); // another sliver as anybody
    expect(await reach('two', internet.here, 30_123)).toBe('published'); // and itself
    expect(await output(['busybox', 'nc', '-w', '2', internet.here, '30123'])).toBe('published\n');
    expect(await output(['busybox', 'nc', '-w', '2', '127.0.0.1', '30123'])).toBe('published\n');
    await net.setPorts('two', [{ ...port, sources: ['203.0.113.0/24', '2001:db8::/32'] }]);
    expect(await ask()).toBe('');
    expect(await ask(internet.here6)).toBe('');
    await net.setPorts('two', [{ ...port, sources: [`${internet.address}/32`] }]);
    expect(await ask()).toBe('published\n');
    await driver.stop('two');
    await start('two');
    await sh('two', 'nc -ll -p 8080 -e echo anew >/dev/null 2>&1 &');
    await until('it to listen again', async () => (await sh('two', 'netstat -tln')).stdout.includes(':8080'));
    expect(await ask()).toBe('anew\n');
    await net.setPorts('two', []);
    expect(await ask()).toBe('');
  });

  test('the next daemon adopts what runs: addresses, fences, bytes that only grow', async () => {
    const from = await source(internet.address);
    await receive('one', from.line);
    const before = (await driver.network.usage()).get('one');
    expect(before?.receivedBytes).toBeGreaterThan(100_000);
    const { ipv4 } = addressOf('one');
    execFileSync('nft', ['flush', 'chain', 'inet', network().names.table, 'forward']); // what died half way
    driver = await open(); // the first one never closed: as after SIGKILL
    expect(addressOf('one').ipv4).toBe(ipv4);
    const adopted = (await driver.network.usage()).get('one');
    expect(adopted?.receivedBytes).toBeGreaterThanOrEqual(before?.receivedBytes ?? Infinity);
    const four = await echoServer(internet.address);
    expect(await reach('one', internet.address, Number(four.line))).toMatch(`${internet.here} `);
    await sh('two', 'nc -ll -p 7777 -e echo two >/dev/null 2>&1 &');
    expect(await reach('one', addressOf('two').ipv4, 7777)).toBe('');
    await driver.stop('one');
    const stopped = (await driver.network.usage()).get('one');
    expect(stopped?.receivedBytes).toBeGreaterThanOrEqual(adopted?.receivedBytes ?? Infinity);
    await start('one');
    expect(addressOf('one').ipv4).toBe(ipv4);
    await receive('one', from.line);
    expect((await driver.network.usage()).get('one')?.receivedBytes).toBeGreaterThan(
      stopped?.receivedBytes ?? Infinity,
    );
  });

  test('who sent this? One sliver, at each time, also when it is long gone', async () => {
    const flows = () => network().flows;
    const seen = await echoServer(internet.address);
    const six = await echoServer(internet.address6);
    await start('gone');
    await reach('gone', internet.address, Number(seen.line));
    const complaint = (seen.lines[1] ?? '').split(' '); // "<the host's address> <port>", as the one who complains saw it
    const at = Date.now();
    await reach('gone', internet.address6, Number(six.line));
    await driver.remove('gone');
    await start('next'); // perhaps with the same port
    await reach('next', internet.address, Number(seen.line));
    const who = {
      from: at,
      to: at,
      outsidePort: Number(complaint[1]),
      peer: internet.address,
      peerPort: Number(seen.line),
    };
    const found = await until('the record', async () => {
      const { flows: some } = await flows().find(who, 10);
      return some[0]?.endedAt ? some : undefined;
    });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({
      protocol: 'tcp',
      direction: 'out',
      outside: { address: internet.here },
      owner: { id: 'gone', slice: 'slice-gone', user: 'ada' },
    });
    const v6 = await flows().find(
      { from: at - 60_000, to: Date.now(), peer: internet.address6, slice: 'slice-gone' },
      10,
    );
    expect(v6.flows).toHaveLength(1);
    // Through a published port, from outside in.
    await driver.network.setPorts('next', [{ protocol: 'tcp', external: 30_124, internal: 8080, sources: [] }]);
    await sh('next', 'nc -ll -p 8080 -e echo hi >/dev/null 2>&1 &');
    await until('it to listen', async () => (await sh('next', 'netstat -tln')).stdout.includes(':8080'));
    expect(await internet.run(`busybox nc -w 1 ${internet.here} 30124`)).toBe('hi\n');
    const inward = await until('the record', async () => {
      const { flows: some } = await flows().find(
        { from: at, to: Date.now(), slice: 'slice-next', outsidePort: 30_124 },
        10,
      );
      return some.length > 0 && some;
    });
    expect(inward[0]).toMatchObject({ direction: 'in', peer: { address: internet.address }, inside: { port: 8080 } });
    // A watch that dies begins anew, and says since when it was blind.
    const from = await source(internet.address);
    const [pid = ''] = (await output(['pgrep', '-P', String(process.pid), '-f', 'conntrack -E'])).split('\n');
    process.kill(Number(pid), 'SIGKILL');
    await until('it to be gone', () => !existsSync(`/proc/${pid}/exe`));
    await sh('next', `sleep 20 | nc ${internet.address} ${from.line} >/dev/null 2>&1 &`);
    await until(
      'the gap to be noted',
      async () => (await flows().find({ from: at, to: Date.now() }, 1)).gaps.length > 0,
    );
    expect(
      (await flows().find({ from: Date.now(), to: Date.now(), peerPort: Number(from.line) }, 9)).flows,
    ).toHaveLength(1);
    await driver.remove('next');
  });
});
