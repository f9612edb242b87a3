import { existsSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import { programLog } from '../../log';
import { nodeUrn, tempDirectory } from '../../testing/agent-stub';
import { hostLacks, NO_TRACES, tracesOf } from '../../testing/host';
import { baseLacks, TEST_IMAGES } from '../../testing/images';
import type { OciDriver } from './oci-driver';
import { probeOci } from './probe';

const what = 'attacks from inside a sliver';
const lacks = (await hostLacks(what)).length > 0 || (await baseLacks(what)) !== null;
const MIB = 1_048_576;
const never = new AbortController().signal;

/** What an attacker is told of its surroundings, to make it easy. */
type Surroundings = { secret: string; hostPid: number; port: number; abstract: string; slivers: string; image: string };

/**
 * Each is a script that a sliver's root runs; it prints PWNED when it got what it must not get. `sh` unless it begins with "perl:"; that
 * gets `sys(number, …)`: a system call, true when it was not refused.
 */
const ATTACKS: Record<string, (s: Surroundings) => string> = {
  'read a host file through another root': (s) => `for r in /proc/[0-9]*/root; do cat $r${s.secret}; done`,
  'read a host file after breaking out of a chroot': (s) =>
    `perl:mkdir "/x"; open(D,"/"); chroot("/x"); chdir("/"); chdir("..") for 1..60; chroot("."); print \`cat ${s.secret}\`;`,
  'see the files of other slivers': (s) => `ls ${s.slivers} && echo PWNED`,
  'open a file by its number instead of its path': () =>
    'perl:my $h = pack("IiQ", 8, 1, 2); open(F, "/"); print "PWNED" if sys(304, fileno(F), $h, 0) or $! != 1;',
  'make a block device': () => 'mknod /tmp/d b 254 0 && echo PWNED',
  'make a character device': () => 'mknod /tmp/m c 1 1 && echo PWNED',
  'open the disk or the memory': () => 'for d in vda sda mem kmem port loop0; do head -c 1 /dev/$d && echo PWNED; done',
  'mount a file system': () => 'mount -t tmpfs x /mnt && echo PWNED',
  'mount by the new calls': () => 'perl:my $t = "tmpfs"; print "PWNED" if sys(430, $t, 0);',
  'unmount what hides something': () => 'umount /proc/kcore && echo PWNED; umount /sys/firmware && echo PWNED',
  'make a user namespace': () => 'unshare --user true && echo PWNED',
  'make namespaces by clone': () => 'perl:my $p = sys(56, 0x10000000 | 17, 0, 0, 0, 0); if ($p) { print "PWNED" }',
  'make namespaces by clone3': () =>
    'perl:my $a = pack("Q11", 0x10000000, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0); print "PWNED" if sys(435, $a, 88);',
  'enter a namespace': () => 'nsenter --ipc=/proc/1/ns/ipc true && echo PWNED',
  'reach an abstract socket of the host': (s) =>
    `perl:use Socket; socket(S, AF_UNIX, SOCK_STREAM, 0); print "PWNED" if connect(S, pack("Sa*", 1, "\\0${s.abstract}"));`,
  'reach an abstract socket of another sliver': () =>
    'perl:use Socket; socket(S, AF_UNIX, SOCK_STREAM, 0); print "PWNED" if connect(S, pack("Sa*", 1, "\\0victim"));',
  'reach a service on the host’s loopback': (s) =>
    `perl:use Socket; socket(S, AF_INET, SOCK_STREAM, 0); print "PWNED" if connect(S, sockaddr_in(${s.port}, inet_aton("127.0.0.1")));`,
  'speak raw packets': () =>
    'perl:use Socket; print "PWNED" if socket(S, 17, SOCK_RAW, 0) or socket(S, AF_INET, SOCK_RAW, 1);',
  'speak to the machine’s own host': () => 'perl:print "PWNED" if socket(S, 40, 1, 0);',
  'signal a process of the host': (s) => `kill -0 ${s.hostPid} && echo PWNED`,
  'signal everybody': () => 'kill -CONT -1; ls -d /proc/[0-9]* | wc -l | { read n; [ $n -gt 30 ] && echo PWNED; }',
  'trace a process of the host': (s) => `perl:print "PWNED" if sys(101, 16, ${s.hostPid}, 0, 0);`,
  'fork without end': () =>
    'perl:$n = 0; while ($n < 200 and defined($p = fork)) { if (!$p) { sleep 2; exit } $n++ } print $n >= 64 ? "PWNED" : "stopped at $n"; kill 9, 0;',
  'take more memory than it has': () => 'perl:$x = "x" x (160 * 1048576); print "PWNED" if length $x;',
  'take more memory by way of /dev/shm': () =>
    'dd if=/dev/zero of=/dev/shm/x bs=1M count=160 && echo PWNED; rm -f /dev/shm/x',
  'see control groups': () => 'ls -d /sys/fs/cgroup/* && echo PWNED; mount -t cgroup c /mnt && echo PWNED',
  'change the kernel’s settings': () =>
    'for f in kernel/core_pattern kernel/modprobe vm/overcommit_memory kernel/hostname; do (echo x > /proc/sys/$f) && echo PWNED; done',
  'press a magic key': () => '(echo h > /proc/sysrq-trigger) && echo PWNED',
  'keep a key in the kernel': () =>
    'perl:my ($t, $d) = ("user", "mine"); print "PWNED" if sys(248, $t, $d, $d, 4, -3) or sys(250, 0, -3, 1);',
  'read the kernel’s log': () => 'dmesg && echo PWNED',
  'read the kernel’s memory, keys and timers': () =>
    'for f in kcore keys timer_list sched_debug interrupts; do [ -s /proc/$f ] && head -c 1 /proc/$f | grep -q . && echo PWNED; done',
  'read what machine it is': () =>
    'cat /sys/class/dmi/id/* /sys/firmware/*/* /sys/kernel/notes | grep -q . && echo PWNED; ls /sys/block/* /sys/module/* && echo PWNED',
  'load a program into the kernel': () => 'perl:my $a = "\\0" x 72; print "PWNED" if sys(321, 0, $a, 72) or $! != 1;',
  'load a module or another kernel': () =>
    'perl:my $a = "x"; for my $n (175, 246) { print "PWNED" if sys($n, 0, 0, $a) or $! != 1 }',
  'count the machine’s events': () =>
    'perl:my $a = pack("IIQ", 1, 112, 0) . "\\0" x 96; print "PWNED" if sys(298, $a, 0, -1, -1, 0);',
  'use io_uring': () => 'perl:my $a = "\\0" x 120; print "PWNED" if sys(425, 4, $a);',
  'handle page faults': () => 'perl:print "PWNED" if sys(323, 1);',
  'set the clock': () => 'date -s 2001-01-01 && echo PWNED',
  'restart the machine': () => 'perl:print "PWNED" if sys(169, 0xfee1dead, 672274793, 0x89abcdef) or $! != 1;',
  'take more files than it may': () => 'ulimit -n 100000 && echo PWNED; ulimit -c unlimited && echo PWNED',
  'go before others': () => 'nice -n -20 true 2>&1 | grep -q "cannot set" || echo PWNED',
  'write over the program it shares with all': () => '(echo x > /.init) && echo PWNED; rm -f /.init && echo PWNED',
  'gain rights outside by a set-user-id program': (s) =>
    `cp /bin/cat /tmp/suid && chmod 4755 /tmp/suid && setpriv --reuid 1000 --clear-groups /tmp/suid ${s.secret} /proc/1/root${s.secret}`,
};

describe.skipIf(lacks)('a sliver’s root gets nowhere', { timeout: 60_000 }, () => {
  const node = nodeUrn(`attacks-${process.pid}.lab.example`);
  const data = tempDirectory('attacks');
  const servers: Server[] = [];
  let driver: OciDriver;
  let around: Surroundings;
  const resources = { ...DEFAULT_RESOURCES, image: 'base', memoryMiB: 128, diskMiB: 48, pidsMax: 64 };
  const exec = (id: string, argv: string[], timeoutMs = 20_000) =>
    driver.exec(id, argv, { timeoutMs, maxBytes: 65_536, signal: never });

  beforeAll(async () => {
    const images = { folder: TEST_IMAGES, mirror: null, build: false };
    const probed = await probeOci(data, node, programLog('test', 'silent'), images);
    if (!('driver' in probed)) throw new Error(probed.missing.join('; '));
    driver = probed.driver;
    const listen = async (where: { host: string; port: number } | { path: string }) => {
      const server = createServer((socket) => socket.end());
      servers.push(server);
      await new Promise<void>((done) => server.listen(where, done));
      const address = server.address();
      return typeof address === 'object' && address ? address.port : 0;
    };
    const abstract = `meridian-attack-${process.pid}`;
    await listen({ path: `\0${abstract}` });
    around = {
      secret: `${data}/secret`,
      hostPid: process.pid,
      port: await listen({ host: '127.0.0.1', port: 0 }),
      abstract,
      slivers: `${data}/slivers`,
      image: `${TEST_IMAGES}/base`,
    };
    writeFileSync(around.secret, 'PWNED', { mode: 0o644 });
    for (const id of ['attacker', 'victim']) await driver.start({ id, slice: id, hostname: id, resources });
    const serve =
      'use Socket; socket(S, AF_UNIX, SOCK_STREAM, 0); bind(S, pack("Sa*", 1, "\\0victim")) or die; listen(S, 5); fork && exit; sleep 60';
    expect((await exec('victim', ['perl', '-e', serve])).exitCode).toBe(0);
  });
  afterAll(async () => {
    for (const server of servers) server.close();
    for (const id of ['attacker', 'victim']) await driver.remove(id);
    await driver.close();
    expect(tracesOf(node, data)).toEqual(NO_TRACES);
    rmSync(data, { recursive: true, force: true });
  });

  const argvOf = (script: string) =>
    script.startsWith('perl:')
      ? ['perl', '-e', `$| = 1; sub sys { my $r = syscall(shift, @_); return $r >= 0 }\n${script.slice(5)}`]
      : ['sh', '-c', script];
  // System calls have other numbers elsewhere.
  const numbered = (script: string) => /\bsys\(/.test(script);

  for (const [name, script] of Object.entries(ATTACKS)) {
    test.skipIf(
      process.arch !== 'x64' &&
        numbered(script({ secret: '', hostPid: 0, port: 0, abstract: '', slivers: '', image: '' })),
    )(name, async () => {
      const { stdout, timedOut } = await exec('attacker', argvOf(script(around)));
      expect(stdout).not.toContain('PWNED');
      expect(timedOut).toBe(false);
      // Nobody is worse off: the attacker's own sliver lives, and so does its neighbour.
      expect((await exec('attacker', ['true'])).exitCode).toBe(0);
    });
  }

  test('fill the disk: it runs full itself, can mend that, and comes back when it was full', async () => {
    const free = () => statfsSync(data).bavail * statfsSync(data).bsize;
    const before = free();
    const full = await exec('attacker', ['sh', '-c', 'dd if=/dev/zero of=/root/x bs=1M count=100; yes > /proc/1/fd/1']);
    expect(full.stderr).toMatch(/No space left|Disk quota exceeded/);
    expect(before - free()).toBeLessThan(64 * MIB);
    expect((await exec('victim', ['sh', '-c', 'echo fine > /root/x && cat /root/x'])).stdout).toBe('fine\n');
    await driver.stop('attacker');
    await driver.start({ id: 'attacker', slice: 'attacker', hostname: 'attacker', resources });
    expect((await exec('attacker', ['sh', '-c', 'rm /root/x && echo > /root/y && echo mended'])).stdout).toBe(
      'mended\n',
    );
    await driver.reset('attacker');
    await driver.start({ id: 'attacker', slice: 'attacker', hostname: 'attacker', resources });
    expect((await exec('attacker', ['ls', '-A', '/root'])).stdout).not.toMatch(/x|y/);
  });

  test('change the image: others keep theirs', async () => {
    await exec('attacker', ['sh', '-c', 'echo PWNED > /etc/debian_version; rm /bin/ls']);
    expect(existsSync(`${around.image}/bin/ls`)).toBe(true);
    expect(readFileSync(`${around.image}/etc/debian_version`, 'utf8')).not.toContain('PWNED');
    expect((await exec('victim', ['sh', '-c', 'cat /etc/debian_version; ls /'])).stdout).toMatch(/^\d+[\s\S]*usr/);
  });
});
