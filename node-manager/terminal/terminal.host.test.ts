import { readFileSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serviceManagerUrn } from '@/protocol/pki/names';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import { refusedFrom } from '@/protocol/trpc';
import { findCgroups, processesIn } from '../drivers/oci/cgroups';
import { ownNames } from '../drivers/oci/oci-driver';
import { type AgentStub, agentStub, nodeUrn, sliceUrn, tempDirectory, until } from '../testing/agent-stub';
import { hostLacks, NO_TRACES, tracesOf } from '../testing/host';
import { freePort, NodeProcess } from '../testing/node-process';

const lacks = await hostLacks('terminals in slivers');

describe.skipIf(lacks.length > 0)('a terminal in a real sliver', { timeout: 60_000 }, () => {
  const NODE = nodeUrn(`tty-${process.pid}.lab.example`);
  const SLICE = sliceUrn('tty');
  let agent: AgentStub;
  let data: string;
  let env: Record<string, string>;
  let node: NodeProcess;
  let sliver: string;

  beforeAll(async () => {
    agent = await agentStub();
    data = tempDirectory('tty');
    env = {
      MERIDIAN_NODE_DATA: data,
      MERIDIAN_NODE_LISTEN: `127.0.0.1:${await freePort()}`,
      MERIDIAN_NODE_TOKEN: agent.token(NODE),
      MERIDIAN_NODE_DRIVER: 'oci',
      MERIDIAN_NODE_HEARTBEAT_MS: '500',
      MERIDIAN_NODE_SSH_PORTS: 'off',
    };
    node = NodeProcess.start('node-manager/main.ts', env);
    await node.ready();
    await until('the delegation', () => agent.delegations.get(NODE));
    const ticket = agent.ticket(NODE, SLICE, { resources: { ...DEFAULT_RESOURCES, pidsMax: 100 } });
    sliver = (await agent.client(NODE).redeem.mutate({ ticket, waitMs: 5000 })).sliver.lease.jti;
  }, 60_000);
  afterAll(async () => {
    await agent.client(NODE).release.mutate({ slice: SLICE });
    await node.end('SIGTERM');
    expect(tracesOf(NODE, data)).toEqual(NO_TRACES);
    await agent.close();
    rmSync(data, { recursive: true, force: true });
  });

  const client = () => agent.client(NODE);
  /** What runs inside besides the sliver's first process. */
  const inside = () =>
    processesIn(findCgroups(), `${ownNames(NODE, data).group}/s-${sliver}`).filter((pid) => {
      try {
        return !readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('/.init');
      } catch {
        return false;
      }
    });

  const open = async () => {
    const { id } = await client().terminalOpen.mutate({ slice: SLICE, cols: 80, rows: 24, who: 'ada' });
    let text = '';
    let bytes = 0;
    let typed = 0;
    let over: { why: string; exitCode: number | null } | null = null;
    const read = async () => {
      const answer = await client().terminalRead.query({ id, from: bytes, waitMs: 200 });
      const more = Buffer.from(answer.data, 'base64');
      bytes += more.length;
      text += more.toString('utf8');
      over = answer.over;
      return more.length;
    };
    return {
      id,
      read,
      type: async (what: string) => {
        await client().terminalWrite.mutate({ id, at: typed, data: Buffer.from(what).toString('base64') });
        typed += what.length;
      },
      size: (cols: number, rows: number) =>
        client().terminalWrite.mutate({ id, at: typed, data: '', size: { cols, rows } }),
      sees: (what: string | RegExp) =>
        until(`the terminal to show ${what}`, async () => {
          await read();
          return typeof what === 'string' ? text.includes(what) : what.test(text);
        }),
      over: () =>
        until('its end', async () => {
          await read();
          return over;
        }),
    };
  };

  test('shows what runs, follows its size, and ends with the shell’s own exit code', async () => {
    const terminal = await open();
    await terminal.type('echo "in-$((40+2))"; stty size; tty; echo "lang-$LANG"\n');
    await terminal.sees(/in-42\r\n24 80\r\n\/dev\/pts\/\d/);
    await terminal.sees('lang-C.UTF-8'); // else a shell takes letters with accents for key codes
    await terminal.type('trap "stty size" WINCH\n');
    await terminal.size(133, 40);
    await terminal.type('\nstty size\n');
    await terminal.sees('40 133');
    await terminal.type('exit 5\n');
    expect(await terminal.over()).toEqual({ why: 'exited', exitCode: 5 });
    expect(inside()).toEqual([]);
  });

  test('what runs in it ends with it, also what ignores hang-ups and left its session; a restarted daemon leaves none', async () => {
    const detach = 'trap "" HUP; (setsid sleep 1001 &); sleep 1002 & sleep 1003\n';
    const terminal = await open();
    await terminal.type(detach);
    await until('all to run', () => inside().length >= 4);
    await client().terminalClose.mutate({ id: terminal.id });
    await until('nothing to run', () => inside().length === 0, 3_000);
    expect(await terminal.over()).toEqual({ why: 'closed', exitCode: null });

    const orphan = await open();
    await orphan.type(detach);
    await until('all to run', () => inside().length >= 4);
    await node.end('SIGKILL');
    node = NodeProcess.start('node-manager/main.ts', env);
    await node.ready();
    await until('nothing to run', () => inside().length === 0, 10_000);
    await expect(client().terminalRead.query({ id: orphan.id, from: 0, waitMs: 0 })).rejects.toThrow('NOT_FOUND');
  });

  test('a reader who lags holds the program up, not the node’s memory', async () => {
    const terminal = await open();
    await terminal.type('yes | head -c 3000000 | tr -d "\\n"; echo; echo the-""end\n');
    await until('it to begin', () => inside().length > 1);
    await new Promise((resolve) => setTimeout(resolve, 500)); // time to be through several times over
    expect(inside().length).toBeGreaterThan(1);
    await terminal.sees('the-end');
    await client().terminalClose.mutate({ id: terminal.id });
  });

  test('so many and no more; another service manager sees none of them; none without a sliver', async () => {
    const code = (call: Promise<unknown>) =>
      call.then(
        () => 'done',
        (err: unknown) => refusedFrom(err)?.code,
      );
    const opened = await Promise.all(Array.from({ length: 8 }, open));
    expect(await code(open())).toBe('RATE_LIMITED');
    const other = agent.client(NODE, await agent.identity(serviceManagerUrn('meridian')));
    expect(await code(other.terminalRead.query({ id: opened[0]?.id ?? '', from: 0, waitMs: 0 }))).not.toBe('done');
    for (const { id } of opened) await client().terminalClose.mutate({ id });
    await until('nothing to run', () => inside().length === 0, 3_000);
    expect(await code(client().terminalOpen.mutate({ slice: sliceUrn('none'), cols: 80, rows: 24, who: 'ada' }))).toBe(
      'NO_LEASE',
    );
    expect((await client().access.query({ slice: SLICE })).noSsh?.facts.problem).toBe(
      'the owner of the node has switched ssh off',
    );
  });
});
