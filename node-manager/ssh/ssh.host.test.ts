import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import { findCgroups, processesIn } from '../drivers/oci/cgroups';
import { ownNames } from '../drivers/oci/oci-driver';
import { type AgentStub, agentStub, nodeUrn, sliceUrn, tempDirectory, until } from '../testing/agent-stub';
import { hostLacks, NO_TRACES, tracesOf } from '../testing/host';
import { baseLacks, TEST_IMAGES } from '../testing/images';
import { freePort, NodeProcess } from '../testing/node-process';

const lacks = await hostLacks('ssh into slivers');
if (spawnSync('ssh', ['-V']).error) {
  console.warn('SKIPPED ssh into slivers: there is no program ssh (package openssh-client)');
  lacks.push('the program ssh');
}
if (lacks.length === 0) lacks.push(...[await baseLacks('ssh into slivers')].filter((why) => why !== null));

describe.skipIf(lacks.length > 0)('the stock OpenSSH client', { timeout: 60_000 }, () => {
  const NODE = nodeUrn(`ssh-${process.pid}.lab.example`);
  const SLICE = sliceUrn('door');
  let agent: AgentStub;
  let data: string;
  let env: Record<string, string>;
  let node: NodeProcess;
  let id: string;

  beforeAll(async () => {
    agent = await agentStub();
    data = tempDirectory('ssh');
    for (const key of ['ada', 'bob'])
      await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', key, '-f', `${data}/${key}`]);
    const first = await freePort();
    env = {
      MERIDIAN_NODE_DATA: data,
      MERIDIAN_NODE_LISTEN: `127.0.0.1:${await freePort()}`,
      MERIDIAN_NODE_TOKEN: agent.token(NODE),
      MERIDIAN_NODE_DRIVER: 'oci',
      MERIDIAN_NODE_IMAGES: TEST_IMAGES,
      MERIDIAN_NODE_HEARTBEAT_MS: '500',
      MERIDIAN_NODE_SSH_PORTS: `${first}-${Math.min(first + 50, 65_535)}`,
    };
    node = NodeProcess.start('node-manager/main.ts', env);
    await node.ready();
    await until('the delegation', () => agent.delegations.get(NODE));
    const resources = { ...DEFAULT_RESOURCES, pidsMax: 200, memoryMiB: 256, image: 'base' };
    const ticket = agent.ticket(NODE, SLICE, { resources });
    id = (await agent.client(NODE).redeem.mutate({ ticket, waitMs: 5000 })).sliver.lease.jti;
    await setKeys('ada');
    const { host, port, login, hostKey } = await door();
    expect(login).toBe('lab_door');
    writeFileSync(`${data}/known_hosts`, `[${host}]:${port} ${hostKey}\n`);
  }, 60_000);
  afterAll(async () => {
    await agent.client(NODE).release.mutate({ slice: SLICE });
    await node.end('SIGTERM');
    expect(tracesOf(NODE, data)).toEqual(NO_TRACES);
    await agent.close();
    rmSync(data, { recursive: true, force: true });
  });

  const publicKey = (name: string) => readFileSync(`${data}/${name}.pub`, 'utf8').trim();
  const setKeys = (...names: string[]) =>
    agent.client(NODE).setKeys.mutate({ slice: SLICE, keys: names.map(publicKey) });
  const door = () => until('the port', async () => (await agent.client(NODE).access.query({ slice: SLICE })).ssh);
  /** Host keys are checked against what the node says, and nothing else is believed. */
  const options = (key: string) => [
    ...['-F', '/dev/null', '-i', `${data}/${key}`],
    ...['-o', 'IdentitiesOnly=yes', '-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=yes'],
    ...['-o', `UserKnownHostsFile=${data}/known_hosts`, '-o', 'GlobalKnownHostsFile=/dev/null'],
  ];
  const ssh = async (key: string, command: string[], more: string[] = [], login = 'lab_door') => {
    const { host, port } = await door();
    return run('ssh', [...options(key), ...more, '-p', String(port), `${login}@${host}`, ...command]);
  };
  const inside = () =>
    processesIn(findCgroups(), `${ownNames(NODE, data).group}/s-${id}`).filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('sshd');
      } catch {
        return false;
      }
    });

  test('lands in the sliver as the slice and as root, and nothing is left running', async () => {
    expect(inside()).toEqual([]);
    for (const login of ['lab_door', 'root']) {
      const { code, out } = await ssh('ada', ['id -u; hostname; echo $USER; cat /proc/self/uid_map'], [], login);
      expect(code).toBe(0);
      expect(out).toMatch(new RegExp(`^0\nlab-door\\.ssh-${process.pid}\n${login}\n +0 +[1-9]\\d{6,}`));
    }
    expect((await ssh('ada', ['exit 7'])).code).toBe(7);
    // Under the limits of the sliver's first process, not the daemon's.
    expect((await ssh('ada', ['ulimit -Hn'])).out).toBe('1024\n');
    await until('the servers to end', () => inside().length === 0);
  });

  test('sftp puts and gets, and -L forwards into the sliver’s own network', async () => {
    const text = 'a'.repeat(3_000_000);
    writeFileSync(`${data}/up`, text);
    const { host, port } = await door();
    const batch = run(
      'sftp',
      [...options('ada'), '-P', String(port), '-b', '-', `lab_door@${host}`],
      `put ${data}/up up\nget up ${data}/down\n`,
    );
    expect((await batch).code).toBe(0);
    expect(readFileSync(`${data}/down`, 'utf8')).toBe(text);

    const local = await freePort();
    // Forwarded into the sliver's own network: its sshd dials, and a listener inside answers.
    const listener = `perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(LocalAddr => "127.0.0.1:7000", Listen => 9); while ($c = $s->accept) { print $c "from inside\n"; close $c }'`;
    const forwarding = start('ssh', [
      ...options('ada'),
      '-o',
      'ExitOnForwardFailure=yes',
      '-L',
      `${local}:127.0.0.1:7000`,
      '-p',
      String(port),
      `lab_door@${host}`,
      listener,
    ]);
    const heard = await until('an answer from inside', () => said(local));
    expect(heard).toContain('from inside');
    forwarding.kill();
    await until('the servers to end', () => inside().length === 0);
  });

  test('only keys that were set, from the next login on; a removed one ends its sessions', async () => {
    expect((await ssh('bob', ['true'])).err).toContain('Permission denied');
    await setKeys('ada', 'bob');
    expect((await ssh('bob', ['true'])).code).toBe(0);
    const sleeping = start('ssh', [
      ...options('bob'),
      '-tt',
      '-p',
      String((await door()).port),
      `root@${(await door()).host}`,
      'echo in; sleep 1000',
    ]);
    const other = start('ssh', [
      ...options('ada'),
      '-p',
      String((await door()).port),
      `root@${(await door()).host}`,
      'echo in; sleep 1000',
    ]);
    for (const one of [sleeping, other]) await until('the session', () => one.out.includes('in'));
    const ended = once(sleeping.child, 'exit');
    const began = performance.now();
    await setKeys('ada');
    await ended;
    expect(performance.now() - began).toBeLessThan(1000);
    expect(other.child.exitCode).toBe(null);
    expect((await ssh('bob', ['true'])).err).toContain('Permission denied');
    // Nobody inside can let another in, save by being root and starting a server of their own.
    const weaken =
      'mkdir -p /root/.ssh; echo x > /.meridian/authorized_keys; rm -rf /.meridian/host_key; umount /.meridian; touch /.meridian/x';
    await ssh('ada', [
      `${weaken}; cp /.meridian/authorized_keys /root/.ssh/; echo '${publicKey('bob')}' >> /root/.ssh/authorized_keys`,
    ]);
    expect((await ssh('bob', ['true'])).err).toContain('Permission denied');
    expect((await ssh('ada', ['true'])).code).toBe(0);
    other.kill();
    await until('the servers to end', () => inside().length === 0);
  });

  test('port and host key stay over a restart of the node manager, and so do the sessions', async () => {
    await setKeys('ada', 'bob');
    const before = await door();
    const staying = start('ssh', [...options('ada'), '-p', String(before.port), `root@${before.host}`, 'echo in; cat']);
    const going = start('ssh', [...options('bob'), '-p', String(before.port), `root@${before.host}`, 'echo in; cat']);
    for (const one of [staying, going]) await until('the session', () => one.out.includes('in'));
    await node.end('SIGKILL');
    node = NodeProcess.start('node-manager/main.ts', env);
    await node.ready();
    expect(await door()).toEqual(before);
    staying.child.stdin?.write('still here\n');
    await until('an echo', () => staying.out.includes('still here'));
    const ended = once(going.child, 'exit');
    await setKeys('ada');
    await ended; // let in by the one before
    expect(staying.child.exitCode).toBe(null);
    expect((await ssh('ada', ['true'])).code).toBe(0);
    staying.kill();
    await until('the servers to end', () => inside().length === 0);
  });

  test('who does not speak costs no process, and keeps nobody out', async () => {
    const { host, port } = await door();
    const open = (text: string) =>
      new Promise<Socket>((resolve) => {
        const socket = connect(port, host, () => {
          if (text) socket.write(text);
          resolve(socket);
        });
        socket.on('error', () => {});
      });
    const silent = await Promise.all(Array.from({ length: 14 }, (_, i) => open(i % 2 ? '' : 'SS')));
    const http = await open('GET / HTTP/1.1\r\n\r\n');
    await until(
      'the wrong one to be shown out',
      () => http.destroyed || http.readableEnded || new Promise((r) => http.once('close', () => r(true)).resume()),
    );
    expect(inside()).toEqual([]);
    expect((await ssh('ada', ['true'])).code).toBe(0);
    // Five of one address may be at their login, of two processes each; the sixth waits, and the flood beyond is closed at once.
    for (const socket of [...silent, http]) socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const greeted = await Promise.all(Array.from({ length: 30 }, () => open('SSH-2.0-flood\r\n')));
    await until('a login', () => inside().length > 0);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(inside().length).toBeLessThanOrEqual(10);
    for (const socket of greeted) socket.destroy();
    await until('the servers to end', () => inside().length === 0, 30_000);
    expect((await ssh('ada', ['true'])).code).toBe(0);
  });

  test('its folder goes with the sliver', async () => {
    const file = `${data}/ssh/${id}.json`;
    expect(existsSync(file)).toBe(true);
    await agent.client(NODE).release.mutate({ slice: SLICE });
    await until('the file to go', () => !existsSync(file));
  });
});

type Started = { child: ChildProcess; out: string; err: string; kill: () => void };

function start(command: string, args: string[]): Started {
  const child = spawn(command, args, { stdio: 'pipe' });
  const started: Started = { child, out: '', err: '', kill: () => child.kill('SIGKILL') };
  child.stdout.on('data', (chunk) => {
    started.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    started.err += chunk;
  });
  return started;
}

async function run(command: string, args: string[], input = '') {
  const started = start(command, args);
  started.child.stdin?.end(input);
  const [code] = await once(started.child, 'close');
  return { code: Number(code), out: started.out, err: started.err };
}

/** What is said to who connects to this port of ours; null while nobody answers. */
function said(port: number): Promise<string | null> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(port, '127.0.0.1');
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', () => resolve(null));
    socket.on('close', () => resolve(text || null));
  });
}
