import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import { programLog } from '../../log';
import { nodeUrn, tempDirectory } from '../../testing/agent-stub';
import { hostLacks, NO_TRACES, tracesOf } from '../../testing/host';
import { findCgroups } from './cgroups';
import { type OciDriver, ownNames } from './oci-driver';
import { probeOci } from './probe';

const lacks = await hostLacks('slivers that are controlled');
const never = new AbortController().signal;
const log = programLog('test', 'silent');

describe.skipIf(lacks.length > 0)('a real sliver', { timeout: 60_000 }, () => {
  const node = nodeUrn(`control-${process.pid}.lab.example`);
  let data: string;
  let driver: OciDriver;
  const spec = { id: 'one', slice: 'one', hostname: 'one', resources: { ...DEFAULT_RESOURCES, diskMiB: 16 } };
  const sh = async (script: string) =>
    (await driver.exec('one', ['sh', '-c', script], { timeoutMs: 10_000, maxBytes: 65_536, signal: never })).stdout;
  const open = async () => {
    const probed = await probeOci(data, node, log);
    if (!('driver' in probed)) throw new Error(probed.missing.join('; '));
    driver = probed.driver;
  };

  beforeEach(() => {
    data = tempDirectory('control');
  });
  afterEach(async () => {
    await driver.remove('one');
    await driver.close();
    expect(tracesOf(node, data)).toEqual(NO_TRACES);
    rmSync(data, { recursive: true, force: true });
  });

  test('keeps its files over a stop, loses them by a reset, and tells what it printed', async () => {
    await open();
    await driver.start(spec);
    driver.note('one', 'running');
    await sh('echo kept > /root/note; echo said > /proc/1/fd/1');
    expect(await driver.logs('one')).toEqual({ events: 'running\n', console: 'said\n' });
    await driver.stop('one');
    expect((await driver.logs('one')).console).toBe('said\n');
    await driver.start(spec);
    expect(await sh('cat /root/note')).toBe('kept\n');
    await driver.reset('one');
    expect((await driver.list()).get('one')).toBe('stopped');
    await driver.start(spec);
    expect(await sh('ls -A /root; hostname')).toBe('one\n');
  });

  test('gets other limits while it runs on', async () => {
    await open();
    await driver.start(spec);
    const pid = await sh('sleep 60 >/dev/null 2>&1 & echo $!');
    await driver.update({ ...spec, resources: { ...spec.resources, memoryMiB: 64, pidsMax: 33, cpuMilli: 50 } });
    const { trees, version } = findCgroups();
    const read = (controller: string, v1: string, v2: string) => {
      const tree =
        version === 2 ? trees[0] : trees.find((path) => path.split('/').at(-1)?.split(',').includes(controller));
      return readFileSync(`${tree}${ownNames(node, data).group}/s-one/${version === 2 ? v2 : v1}`, 'utf8').trim();
    };
    expect(read('memory', 'memory.limit_in_bytes', 'memory.max')).toBe(String(64 * 1_048_576));
    expect(read('pids', 'pids.max', 'pids.max')).toBe('33');
    expect(await sh(`kill -0 ${pid.trim()} && echo runs`)).toBe('runs\n');
  });

  const btrfs = () => {
    try {
      execFileSync('sh', ['-c', 'command -v mkfs.btrfs && grep -q btrfs /proc/filesystems || modprobe btrfs'], {
        stdio: 'ignore',
      });
      return readFileSync('/proc/filesystems', 'utf8').includes('btrfs');
    } catch {
      return false;
    }
  };
  test.skipIf(!btrfs())('on btrfs a clone takes little room and is held to its quota', async () => {
    const folder = data;
    const image = `${folder}.img`;
    const run = (command: string) => execFileSync('sh', ['-ec', command], { stdio: 'pipe' });
    run(
      `truncate -s 512M ${image}; mkfs.btrfs -q ${image}; mount -o loop ${image} ${folder}; btrfs quota enable ${folder}`,
    );
    try {
      await open();
      expect(driver.enforcement.disk?.kind).toBe('btrfs');
      await driver.start(spec);
      run(`sync -f ${folder}`);
      const clone = run(`btrfs qgroup show --raw -f ${folder}/slivers/s-one/disk | tail -1`).toString();
      expect(Number(clone.trim().split(/\s+/)[1])).toBeLessThanOrEqual(50 * 1024);
      const full = await sh('dd if=/dev/zero of=/root/x bs=1M count=40 2>&1; sync; du -m /root/x | cut -f1');
      expect(full).toMatch(/No space left|quota exceeded/i);
      const used = Number(full.trim().split('\n').at(-1));
      expect(used).toBeLessThanOrEqual(16);
      await driver.remove('one');
    } finally {
      await driver.remove('one');
      await driver.close();
      run(`umount ${folder}; rm -f ${image}`);
    }
  });
});
