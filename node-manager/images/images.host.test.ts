import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import { type AgentStub, agentStub, nodeUrn, sliceUrn, tempDirectory, until } from '../testing/agent-stub';
import { hostLacks } from '../testing/host';
import { baseLacks, TEST_IMAGES } from '../testing/images';
import { freePort, NodeProcess } from '../testing/node-process';

const lacks =
  (await hostLacks('slivers of the image base')).length > 0 || (await baseLacks('slivers of the image base'));

describe.skipIf(lacks)('images', () => {
  const NODE = nodeUrn(`images-${process.pid}.lab.example`);
  const data = tempDirectory('images');
  let agent: AgentStub;
  let node: NodeProcess;

  beforeAll(async () => {
    agent = await agentStub();
    node = NodeProcess.start('node-manager/main.ts', {
      MERIDIAN_NODE_DATA: data,
      MERIDIAN_NODE_IMAGES: TEST_IMAGES,
      MERIDIAN_NODE_LISTEN: `127.0.0.1:${await freePort()}`,
      MERIDIAN_NODE_TOKEN: agent.token(NODE),
      MERIDIAN_NODE_DRIVER: 'oci',
    });
    await node.ready();
    await until('the delegation', () => agent.delegations.get(NODE));
  });
  afterAll(async () => {
    await node.end('SIGTERM');
    await agent.close();
    rmSync(data, { recursive: true, force: true });
  });

  test('base is a Debian with an ssh server, and no key of its own', async () => {
    const slice = sliceUrn('debian');
    expect((await agent.client(NODE).config.query()).images).toEqual(['tiny', 'base']);
    const resources = { ...DEFAULT_RESOURCES, image: 'base' };
    await agent.client(NODE).redeem.mutate({ ticket: agent.ticket(NODE, slice, { resources }), waitMs: 5_000 });
    const script =
      '. /etc/os-release; echo $ID; sshd -t 2>&1; ls -d /run/sshd /usr/lib/openssh/sftp-server; stat -c %U /usr/bin/su';
    const { stdout } = await agent.client(NODE).exec.mutate({ slice, argv: ['sh', '-c', script] });
    expect(stdout.replaceAll('\r', '')).toBe(
      'debian\nsshd: no hostkeys available -- exiting.\n/run/sshd\n/usr/lib/openssh/sftp-server\nroot\n',
    );
    await agent.client(NODE).release.mutate({ slice });
  });
});
