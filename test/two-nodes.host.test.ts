import { randomBytes, randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { secretStore } from '@/agent/store/deployment';
import { nodeUrn, sliceUrn, tempDirectory, until } from '@/node-manager/testing/agent-stub';
import { hostLacks, NO_TRACES, networkNamespaces, tracesOf } from '@/node-manager/testing/host';
import { freePort, NodeProcess } from '@/node-manager/testing/node-process';
import { caFingerprint } from '@/protocol/pki/certificate';
import { loadOrMakeCa, loadOrMakeServiceManagerKey } from '@/protocol/pki/deployment-secrets';
import { encodeEnrolmentToken, newEnrolmentSecret } from '@/protocol/pki/enrolment-token';
import { selfIssue, type TlsIdentity } from '@/protocol/pki/identity';
import { agentUrn, serviceManagerUrn } from '@/protocol/pki/names';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import { agentClient, closeClients, nodeManagerClient, orRefused } from '@/protocol/transport/client';
import { testDatabase } from './postgres';
import { type Wire, wire } from './wire';

const lacks = await hostLacks('two real node managers in two network namespaces');
const database = await testDatabase();

describe.skipIf(lacks.length > 0)(
  'two real nodes, one agent, and all the way between them',
  { timeout: 90_000 },
  () => {
    const names = ['oslo', 'lima'] as const;
    const urns = names.map((name) => nodeUrn(`${name}-${process.pid}.lab.example`));
    const slice = sliceUrn('twonodes');
    const directories = [tempDirectory('agent'), tempDirectory('node-a'), tempDirectory('node-b')];
    const sealKey = randomBytes(32);
    const wires: Wire[] = [];
    const programs: NodeProcess[] = [];
    let sm: TlsIdentity;
    let agentTarget: { address: string; urn: string; jkt: string };

    beforeAll(async () => {
      wires.push(wire(0), wire(1));
      const address = `${wires[0]?.host}:${await freePort()}`;
      const dataDir = directories[0] ?? '';
      const agent = NodeProcess.start('agent/main.ts', {
        DATABASE_URL: database.url,
        MERIDIAN_SEAL_KEY: sealKey.toString('base64url'),
        MERIDIAN_AGENT_LISTEN: address.replace(/^[^:]+/, '0.0.0.0'),
        MERIDIAN_AGENT_ADDRESS: address,
        MERIDIAN_AGENT_DATA: dataDir,
      });
      programs.push(agent);
      const { jkt } = await agent.ready();
      agentTarget = { address, urn: agentUrn('meridian'), jkt: String(jkt) };
      const store = secretStore(database.pool);
      const ca = await loadOrMakeCa(store, sealKey, { authority: 'meridian', now: new Date() });
      sm = (
        await selfIssue(
          ca,
          serviceManagerUrn('meridian'),
          await loadOrMakeServiceManagerKey(store, sealKey),
          new Date(),
        )
      ).identity;

      const siteId = randomUUID();
      await database.pool.query(
        `INSERT INTO "Site" (id, "loginBase", name, urn, country) VALUES ($1, 'lab', 'Lab', 'urn:publicid:IDN+meridian:lab+authority+sa', 'NO')`,
        [siteId],
      );
      for (const [i, urn] of urns.entries()) {
        const nodeId = randomUUID();
        const { secret, secretHash } = newEnrolmentSecret();
        await database.pool.query(
          `INSERT INTO "Node" (id, urn, hostname, "siteId", country) VALUES ($1, $2, $3, $4, 'NO')`,
          [nodeId, urn, `${names[i]}.lab.example`, siteId],
        );
        await database.pool.query(
          `INSERT INTO "EnrolmentToken" (id, "nodeId", "secretHash", "expiresAt") VALUES (gen_random_uuid(), $1, $2, now() + interval '1 hour')`,
          [nodeId, secretHash],
        );
        const listen = `${wires[i]?.inside}:7430`;
        const env = {
          MERIDIAN_NODE_DATA: directories[i + 1] ?? '',
          MERIDIAN_NODE_LISTEN: listen,
          MERIDIAN_NODE_DRIVER: 'oci',
          MERIDIAN_NODE_TOKEN: encodeEnrolmentToken({
            v: 1,
            agent: address,
            ca: caFingerprint(ca.certificatePem),
            node: urn,
            secret,
          }),
        };
        // nsenter, not `ip netns exec`: that one would hide the control groups behind a new /sys
        programs.push(
          NodeProcess.start('node-manager/main.ts', env, ['nsenter', `--net=/run/netns/${wires[i]?.name}`]),
        );
      }
      await Promise.all(programs.map((program) => program.ready()));
    }, 90_000);

    afterAll(async () => {
      if (sm) await closeClients(sm);
      for (const program of programs.reverse()) await program.end('SIGTERM');
      for (const { remove } of wires) remove();
      for (const directory of directories) rmSync(directory, { recursive: true, force: true });
    });

    test('enrol → delegate → advertise → issue → redeem → running → exec → release, on both', async () => {
      const agent = agentClient(agentTarget, sm);
      const { advertisements } = await until(
        'both nodes to be advertised',
        async () => {
          const found = await agent.advertisements.query({ nodes: urns });
          return found.advertisements.length === 2 && found;
        },
        20_000,
      );
      expect(advertisements.map((a) => [a.reachability, a.simulated])).toEqual([
        ['online', false],
        ['online', false],
      ]);

      const now = Math.floor(Date.now() / 1000);
      const wants = {
        idempotencyKey: `two-nodes-${process.pid}`,
        slice,
        sub: 'urn:publicid:IDN+meridian+user+ada',
        resources: DEFAULT_RESOURCES,
        nodes: urns,
        start: now,
        end: now + 3600,
        graceSeconds: 60,
      };
      const { tickets, refused } = await orRefused(agent.issue.mutate(wants));
      expect(refused).toEqual([]);
      expect(tickets).toHaveLength(2);

      const before = networkNamespaces();
      const clients = advertisements.map(({ node, address, jkt }) => ({
        node,
        address,
        client: nodeManagerClient({ urn: node, address, jkt }, sm),
      }));
      const inside = await Promise.all(
        clients.map(async ({ node, client }) => {
          const ticket = tickets.find((t) => t.node === node)?.ticket ?? '';
          await orRefused(client.redeem.mutate({ ticket }));
          const sliver = await client.sliver.query({ slice, waitWhile: 'starting', waitMs: 20_000 });
          expect(sliver).toMatchObject({ state: 'running', simulated: false });
          return (await client.exec.mutate({ slice, argv: ['hostname'] })).stdout.trim();
        }),
      );
      expect(inside.sort()).toEqual(names.map((name) => `lab-twonodes.${name}-${process.pid}`).sort());
      // Each was called at its address inside its own namespace, and its sliver has one of its own again.
      expect(new Set(clients.map((c) => c.address))).toEqual(new Set(wires.map((w) => `${w.inside}:7430`)));
      expect([...networkNamespaces()].filter((ns) => !before.has(ns)).length).toBeGreaterThanOrEqual(2);
      await until(
        'the agent to hear that both run',
        async () => {
          const seen = await agent.advertisements.query({ nodes: urns });
          return seen.advertisements.every((a) => a.slivers === 1);
        },
        15_000,
      );

      // A ticket of one node is nothing to the other.
      const [first, second] = clients;
      const foreign = tickets.find((t) => t.node === second?.node)?.ticket ?? '';
      if (!first) throw new Error('no clients');
      await expect(orRefused(first.client.redeem.mutate({ ticket: foreign }))).rejects.toMatchObject({
        code: expect.stringMatching(/WRONG_NODE|UNKNOWN_ISSUER/),
      });

      for (const { client } of clients) {
        const { outcome, receipts } = await client.release.mutate({ slice });
        expect({ outcome, receipts: receipts.length }).toEqual({ outcome: 'released', receipts: 1 });
      }
      urns.forEach((urn, i) => {
        expect(tracesOf(urn, directories[i + 1] ?? '')).toEqual(NO_TRACES);
      });
    });
  },
);
