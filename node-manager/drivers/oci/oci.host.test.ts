import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import { type AgentStub, agentStub, nodeUrn, sliceUrn, tempDirectory, until } from '../../testing/agent-stub';
import { hostLacks, NO_TRACES, tracesOf } from '../../testing/host';
import { freePort, NodeProcess } from '../../testing/node-process';
import { findCgroups, processesIn } from './cgroups';
import { ownNames } from './oci-driver';

const lacks = await hostLacks('real slivers on this host');

describe.skipIf(lacks.length > 0)('real slivers', { timeout: 60_000 }, () => {
  const NODE = nodeUrn(`real-${process.pid}.lab.example`);
  let agent: AgentStub;
  let data: string;
  let group: string;
  let env: Record<string, string>;
  let node: NodeProcess;

  beforeAll(async () => {
    agent = await agentStub();
    data = tempDirectory('real');
    group = ownNames(NODE, data).group;
    const listen = `127.0.0.1:${await freePort()}`;
    env = {
      MERIDIAN_NODE_DATA: data,
      MERIDIAN_NODE_LISTEN: listen,
      MERIDIAN_NODE_TOKEN: agent.token(NODE),
      MERIDIAN_NODE_DRIVER: 'oci',
      MERIDIAN_NODE_HEARTBEAT_MS: '500',
    };
    node = NodeProcess.start('node-manager/main.ts', env);
    await node.ready();
    await until('the delegation', () => agent.delegations.get(NODE));
  }, 60_000);
  afterAll(async () => {
    await node.end('SIGTERM');
    expect(tracesOf(NODE, data)).toEqual(NO_TRACES);
    expect(existsSync(ownNames(NODE, data).runtime)).toBe(false);
    await agent.close();
    rmSync(data, { recursive: true, force: true });
  });

  afterEach(async () => {
    for (const { slice } of (await agent.client(NODE).slivers.query()).slivers)
      await agent.client(NODE).release.mutate({ slice });
  });

  const redeem = async (slice: string, more: Partial<typeof DEFAULT_RESOURCES> = {}) => {
    const resources = { ...DEFAULT_RESOURCES, ...more };
    const { sliver } = await agent.client(NODE).redeem.mutate({ ticket: agent.ticket(NODE, slice, { resources }) });
    const running = await agent.client(NODE).sliver.query({ slice, waitWhile: 'starting', waitMs: 20_000 });
    expect(running).toMatchObject({ state: 'running', simulated: false });
    return `s-${sliver.lease.jti}`;
  };
  const sh = (slice: string, script: string, timeoutMs = 20_000) =>
    agent.client(NODE).exec.mutate({ slice, argv: ['sh', '-c', script], timeoutMs });
  const limit = (controller: string, name: string, file: string) => {
    const tree =
      findCgroups().trees.find((path) => path.split('/').at(-1)?.split(',').includes(controller)) ?? '/sys/fs/cgroup';
    return readFileSync(`${tree}${group}/${name}/${file}`, 'utf8').trim();
  };

  test('from ticket to a shell inside, with its limits, and nothing left after release', async () => {
    const slice = sliceUrn('real');
    const name = await redeem(slice, { memoryMiB: 64, pidsMax: 48 });
    expect((await agent.client(NODE).exec.mutate({ slice, argv: ['hostname'] })).stdout).toBe(
      `lab-real.real-${process.pid}\n`,
    );
    if (findCgroups().version === 1) {
      expect(limit('memory', name, 'memory.limit_in_bytes')).toBe(String(64 * 1_048_576));
      expect(limit('memory', name, 'memory.memsw.limit_in_bytes')).toBe(String(64 * 1_048_576));
      expect(Number(limit('cpu', name, 'cpu.cfs_quota_us'))).toBeGreaterThan(0);
    } else {
      expect(limit('memory', name, 'memory.max')).toBe(String(64 * 1_048_576));
      expect(limit('cpu', name, 'cpu.max')).not.toMatch(/^max/);
    }
    expect(limit('pids', name, 'pids.max')).toBe('48');
    const [pid] = processesIn(findCgroups(), `${group}/${name}`);
    expect(readFileSync(`/proc/${pid}/uid_map`, 'utf8').trim().split(/\s+/)).toEqual([
      '0',
      expect.stringMatching(/^[1-9]\d{6,}$/),
      '65536',
    ]);
    expect(await agent.client(NODE).release.mutate({ slice })).toMatchObject({ outcome: 'released' });
    expect(tracesOf(NODE, data)).toEqual(NO_TRACES);
    await until('its first process to be reaped', () => !existsSync(`/proc/${pid}`));
    expect(readdirSync(`${data}/slivers`)).toEqual([]);
  });

  test('under contention a reservation holds, and best effort gets its part of the rest', async () => {
    const quarter = Math.floor((availableParallelism() * 1000) / 4);
    const wants = [quarter, quarter, 0, 0].map((cpuMilli, i) => ({ slice: sliceUrn(`share${i}`), cpuMilli }));
    const names = await Promise.all(wants.map(({ slice, cpuMilli }) => redeem(slice, { cpuMilli })));
    const used = (name: string) =>
      findCgroups().version === 1
        ? Number(limit('cpuacct', name, 'cpuacct.usage'))
        : Number(/usage_usec (\d+)/.exec(limit('cpu', name, 'cpu.stat'))?.[1]) * 1000;
    const idle = names.map(used);
    const hogs = Array.from({ length: availableParallelism() }, () => 'timeout 15 sh -c "while :; do :; done" &').join(
      ' ',
    );
    const ended = Promise.allSettled(wants.map(({ slice }) => sh(slice, `${hogs} wait`)));
    const since = (earlier: readonly number[]) => names.map((name, i) => used(name) - (earlier[i] ?? 0));
    await until('all to want the processor', () => since(idle).every((ns) => ns > 20_000_000), 12_000);
    const before = names.map(used);
    await until('two seconds of it', () => since(before).reduce((sum, ns) => sum + ns, 0) > 2e9, 10_000);
    const ns = since(before);
    for (const { slice } of wants) await agent.client(NODE).release.mutate({ slice });
    await ended;
    const whole = ns.reduce((sum, one) => sum + one, 0);
    const parts = ns.map((each) => each / whole);
    // A quarter and a quarter of the other half; a quarter of that half each. What starts a little earlier or later blurs it.
    expect(Math.min(...parts.slice(0, 2))).toBeGreaterThan(0.25);
    expect(Math.min(...parts.slice(2))).toBeGreaterThan(0.07);
  });

  test('what is limited is limited: a fork bomb stops, a memory hog dies, the sliver lives', async () => {
    const slice = sliceUrn('hog');
    await redeem(slice, { memoryMiB: 32, pidsMax: 24 });
    const forks = await sh(slice, 'i=0; while [ $i -lt 60 ]; do sleep 2 & i=$((i+1)); done; echo survived', 10_000);
    expect(forks.stdout + forks.stderr).toMatch(/can't fork|Resource temporarily unavailable/);
    await until('the forks to end', async () => {
      const { exitCode, stdout } = await sh(slice, 'ps'); // full as it is, not even this gets in
      return exitCode === 0 && !stdout.includes('sleep');
    });
    const hog = await sh(slice, 'dd if=/dev/zero of=/dev/null bs=200M count=1; echo "ended with $?"');
    expect(hog.stdout + String(hog.exitCode)).toMatch(/137/);
    expect((await sh(slice, 'echo alive')).stdout).toBe('alive\n');
    await agent.client(NODE).release.mutate({ slice });
  });

  test('is fenced: no devices, no host files, a network of its own; the host keeps its /dev/null', async () => {
    const slice = sliceUrn('fence');
    await redeem(slice);
    expect((await sh(slice, 'mknod /tmp/x b 8 0')).exitCode).not.toBe(0);
    expect((await sh(slice, 'mount -t tmpfs x /tmp')).exitCode).not.toBe(0);
    expect((await sh(slice, 'wc -c < /proc/kcore')).stdout.trim()).not.toMatch(/^[1-9]/);
    expect((await sh(slice, 'ls /sys/class/net')).stdout).toMatch(/^(eth0\n)?lo\n$/);
    expect(
      (await sh(slice, 'ping -c 1 -w 1 127.0.0.1 >/dev/null 2>&1; cat /sys/class/net/lo/operstate')).stdout,
    ).toMatch(/unknown|up/);
    await sh(slice, 'chmod 000 /dev/null');
    expect(statSync('/dev/null')).toMatchObject({ uid: 0, gid: 0 });
    expect(statSync('/dev/null').mode & 0o777).toBe(0o666);
    const image = statSync(`${data}/images/tiny/bin/busybox`);
    expect((await sh(slice, 'echo mine > /etc/motd && rm /bin/busybox; echo done')).stdout).toBe('done\n');
    expect(statSync(`${data}/images/tiny/bin/busybox`).ino).toBe(image.ino);
    expect(image.uid).toBe(0);
    await agent.client(NODE).release.mutate({ slice });
  });

  test('an exec that takes too long is killed with its children; its output is bounded', async () => {
    const slice = sliceUrn('exec');
    await redeem(slice);
    const late = await sh(slice, 'sleep 300 & sleep 301', 500);
    expect(late).toMatchObject({ timedOut: true, exitCode: null });
    expect(late.durationMs).toBeLessThan(5_000);
    await until('its children to be gone', async () => !(await sh(slice, 'ps')).stdout.includes('sleep 30'));
    const loud = await sh(slice, 'yes | head -c 1000000; exit 3');
    expect(loud).toMatchObject({ truncated: true, exitCode: 3, timedOut: false });
    expect(loud.stdout).toHaveLength(262_144);
    expect((await agent.client(NODE).exec.mutate({ slice, argv: ['no-such-program'] })).exitCode).not.toBe(0);
    await agent.client(NODE).release.mutate({ slice });
  });

  test('a sliver survives SIGKILL of the daemon; a half-made and an unleased one are cleared at the next start', async () => {
    const kept = sliceUrn('kept');
    await redeem(kept);
    await sh(kept, 'echo still here > /root/note');
    // In the midst: leases whose slivers are being made as the daemon dies.
    const midst = ['a', 'b', 'c'].map((x) => sliceUrn(`midst${x}`));
    await Promise.all(midst.map((slice) => agent.client(NODE).redeem.mutate({ ticket: agent.ticket(NODE, slice) })));
    await node.end('SIGKILL');
    node = NodeProcess.start('node-manager/main.ts', env);
    await node.ready();
    expect((await sh(kept, 'cat /root/note')).stdout).toBe('still here\n');
    for (const slice of midst) {
      await until(
        'it to run',
        async () =>
          (await agent.client(NODE).sliver.query({ slice, waitWhile: 'starting', waitMs: 5000 })).state === 'running',
      );
    }
    // A release that the daemon did not live to carry out.
    const releases = midst.map((slice) =>
      agent
        .client(NODE)
        .release.mutate({ slice })
        .catch(() => {}),
    );
    await new Promise((resolve) => setTimeout(resolve, 30));
    await node.end('SIGKILL');
    await Promise.all(releases);
    node = NodeProcess.start('node-manager/main.ts', env);
    await node.ready();
    for (const slice of [...midst, kept]) await agent.client(NODE).release.mutate({ slice });
    await until('nothing to be left', () => JSON.stringify(tracesOf(NODE, data)) === JSON.stringify(NO_TRACES));
  });

  test('told to, it stops slivers at its end and brings them back at its start', async () => {
    const slice = sliceUrn('rest');
    await redeem(slice);
    await sh(slice, 'echo kept > /root/note');
    await node.end('SIGTERM'); // without the flag slivers run on
    expect(tracesOf(NODE, data).processes.length).toBeGreaterThan(0);
    node = NodeProcess.start('node-manager/main.ts', { ...env, MERIDIAN_NODE_STOP_SLIVERS_ON_EXIT: '1' });
    await node.ready();
    expect((await sh(slice, 'cat /root/note')).stdout).toBe('kept\n');
    expect(await node.end('SIGTERM')).toBe(0);
    expect(tracesOf(NODE, data)).toEqual(NO_TRACES);
    expect(existsSync(ownNames(NODE, data).runtime)).toBe(false);
    node = NodeProcess.start('node-manager/main.ts', env);
    await node.ready();
    await until(
      'it to run again',
      async () =>
        (await agent.client(NODE).sliver.query({ slice, waitWhile: 'starting', waitMs: 5000 })).state === 'running',
    );
    expect((await sh(slice, 'cat /root/note')).stdout).toBe('kept\n');
    await agent.client(NODE).release.mutate({ slice });
  });

  test('another node manager of that name, over data of its own, leaves our slivers alone', async () => {
    const slice = sliceUrn('twin');
    await redeem(slice);
    const other = await agentStub();
    const twinData = tempDirectory('twin');
    const twin = NodeProcess.start('node-manager/main.ts', {
      ...env,
      MERIDIAN_NODE_DATA: twinData,
      MERIDIAN_NODE_LISTEN: `127.0.0.1:${await freePort()}`,
      MERIDIAN_NODE_TOKEN: other.token(NODE),
    });
    try {
      await twin.ready();
      await until('the delegation', () => other.delegations.get(NODE));
      const theirs = sliceUrn('theirs');
      await other.client(NODE).redeem.mutate({ ticket: other.ticket(NODE, theirs) });
      await other.client(NODE).sliver.query({ slice: theirs, waitWhile: 'starting', waitMs: 20_000 });
      await other.client(NODE).release.mutate({ slice: theirs });
      expect((await sh(slice, 'echo alive')).stdout).toBe('alive\n');
    } finally {
      await twin.end('SIGTERM');
      await other.close();
      rmSync(twinData, { recursive: true, force: true });
    }
    await agent.client(NODE).release.mutate({ slice });
  });

  test('whatever a sliver leaves in its files, they go, and the host keeps its own', async () => {
    const slice = sliceUrn('mess');
    const name = await redeem(slice);
    // Two paths that can be named, one moved into the other: a path that cannot.
    const path = 'd=$(printf "%0250d" 0); p=$d; for i in 1 2 3 4 5 6 7 8 9 10 11 12; do p=$p/$d; done';
    const deep = await sh(slice, `${path}; mkdir -p /root/a/$p /root/b/$p && mv /root/a /root/b/$p/ && echo deep`);
    expect(deep.stdout).toBe('deep\n');
    await sh(slice, 'ln -s /etc /root/etc; rm -rf /etc; ln -s /../../../../etc /etc; chmod 000 /root');
    await agent.client(NODE).release.mutate({ slice });
    expect(existsSync(`${data}/slivers/${name}`)).toBe(false);
    expect(existsSync('/etc/passwd')).toBe(true);
  });

  test('what a command is called is no option of the tool that runs it', async () => {
    const slice = sliceUrn('dash');
    await redeem(slice);
    for (const argv of [['--help'], ['--version'], ['-t', 'sh'], ['--', 'hostname']])
      expect(await agent.client(NODE).exec.mutate({ slice, argv })).toMatchObject({ stdout: '', truncated: false });
    await expect(agent.client(NODE).exec.mutate({ slice, argv: ['echo', 'a\0b'] })).rejects.toMatchObject({
      data: { refusal: { code: 'INVALID_INPUT' } },
    });
    await agent.client(NODE).release.mutate({ slice });
  });

  test('a lease that is over takes its sliver along', async () => {
    const slice = sliceUrn('over');
    const now = Math.floor(Date.now() / 1000);
    await agent
      .client(NODE)
      .redeem.mutate({ ticket: agent.ticket(NODE, slice, { start: now - 10, end: now + 3, graceSeconds: 1 }) });
    await until('it to be stopped', async () => (await agent.client(NODE).sliver.query({ slice })).state === 'stopped');
    await until('it to be gone', async () => (await agent.client(NODE).sliver.query({ slice })).state === 'gone');
    expect(tracesOf(NODE, data)).toEqual(NO_TRACES);
  });
});
