import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { decodeEnrolmentToken } from '@/protocol/pki/enrolment-token';
import { type AgentStub, agentStub, nodeUrn, sliceUrn, tempDirectory, until } from '../testing/agent-stub';
import { hostLacks, NO_TRACES, tracesOf } from '../testing/host';
import { freePort, NodeProcess } from '../testing/node-process';

/** A real daemon with a real sliver, scraped by Debian's Prometheus. */
const PROMETHEUS = process.env.MERIDIAN_TEST_PROMETHEUS ?? 'prometheus';
const missing = spawnSync(PROMETHEUS, ['--version']).status === 0 ? [] : ['the program prometheus'];
if (missing.length > 0) console.warn('SKIPPED scraping by Prometheus: this host lacks the program prometheus');
const lacks = [...missing, ...(await hostLacks('scraping by Prometheus'))];

const NODE = nodeUrn('metered.lab.example');
const SLICE = sliceUrn('busy');
let agent: AgentStub;
let data: string;
let node: NodeProcess;
let prometheus: ChildProcess | null = null;
let metrics: string;
let token: string;
let secretPart: string;

beforeAll(async () => {
  if (lacks.length > 0) return;
  agent = await agentStub();
  data = tempDirectory('metered');
  token = agent.token(NODE);
  secretPart = decodeEnrolmentToken(token).secret;
  metrics = `127.0.0.1:${await freePort()}`;
  node = NodeProcess.start('node-manager/main.ts', {
    MERIDIAN_NODE_DATA: data,
    MERIDIAN_NODE_LISTEN: `127.0.0.1:${await freePort()}`,
    MERIDIAN_NODE_TOKEN: token,
    MERIDIAN_NODE_DRIVER: 'oci',
    MERIDIAN_NODE_METRICS_LISTEN: metrics,
    MERIDIAN_NODE_HEARTBEAT_MS: '1000',
    MERIDIAN_NODE_STOP_SLIVERS_ON_EXIT: '1',
  });
  await node.ready();
  await until('the delegation', () => agent.delegations.get(NODE));
});
afterAll(async () => {
  if (lacks.length > 0) return;
  if (prometheus && prometheus.exitCode === null) {
    prometheus.kill('SIGKILL');
    await once(prometheus, 'exit');
  }
  await node.end('SIGTERM');
  await agent.close();
  rmSync(data, { recursive: true, force: true });
});

const Answer = z.object({
  data: z.object({
    result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) })),
  }),
});

test.skipIf(lacks.length > 0)('Prometheus scrapes what a node and its slivers use', { timeout: 120_000 }, async () => {
  const client = agent.client(NODE);
  await client.redeem.mutate({ ticket: agent.ticket(NODE, SLICE), waitMs: 5_000 });
  await client.exec.mutate({
    slice: SLICE,
    argv: ['/bin/busybox', 'dd', 'if=/dev/zero', 'of=/four', 'bs=1M', 'count=4'],
  });
  const text = await (await fetch(`http://${metrics}/metrics`)).text();
  expect(
    execFileSync(PROMETHEUS.replace(/prometheus$/, 'promtool'), ['check', 'metrics'], { input: text }).toString(),
  ).toBe('');
  for (const secret of ['PRIVATE', token, secretPart]) expect(text).not.toContain(secret);
  const status = async (path: string, method = 'GET') => (await fetch(`http://${metrics}${path}`, { method })).status;
  expect([await status('/'), await status('/metrics', 'POST'), await status('/metrics', 'HEAD')]).toEqual([
    404, 405, 200,
  ]);

  const [port, scraped] = [await freePort(), `${data}/prometheus`];
  writeFileSync(
    `${data}/prometheus.yml`,
    `scrape_configs:
  - job_name: node
    scrape_interval: 1s
    scrape_timeout: 1s
    static_configs: [{ targets: ['${metrics}'] }]
`,
  );
  prometheus = spawn(
    PROMETHEUS,
    [
      `--config.file=${data}/prometheus.yml`,
      `--storage.tsdb.path=${scraped}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  );
  const query = async (promql: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(promql)}`).catch(
      () => null,
    );
    return answer?.ok ? Answer.parse(await answer.json()).data.result : [];
  };
  await until('a scrape', async () => (await query('up{job="node"}'))[0]?.value[1] === '1', 30_000);
  const first = async (promql: string) => Number((await query(promql))[0]?.value[1] ?? Number.NaN);
  await until(
    'the written bytes',
    async () => (await first('meridian_sliver_disk_bytes{slice="lab_busy"}')) >= 4_194_304,
    20_000,
  );
  expect(await first('meridian_sliver_memory_bytes')).toBeGreaterThan(0);
  expect(await first('meridian_sliver_memory_limit_bytes')).toBeGreaterThan(
    await first('meridian_sliver_memory_bytes'),
  );
  expect(await first('meridian_sliver_cpu_seconds_total')).toBeGreaterThan(0);
  expect(await first('meridian_sliver_processes')).toBeGreaterThan(0);
  expect(await first('meridian_node_slivers{state="running"}')).toBe(1);
  expect(await first('meridian_host_memory_size_bytes')).toBeGreaterThan(1e8);
  expect(Math.abs(await first('meridian_host_clock_offset_seconds'))).toBeLessThan(1); // the agent is on this very machine
  expect((await query('meridian_node_info'))[0]?.metric).toMatchObject({ node: NODE, driver: 'oci' });

  // The same by the node's own call and in its heartbeats.
  const view = await client.usage.query({ slice: SLICE });
  expect(view.slivers[0]).toMatchObject({ slice: SLICE, pids: expect.any(Number) });
  expect(view.slivers[0]?.diskBytes).toBeGreaterThanOrEqual(4_194_304);
  await until('the word of it', () => agent.heartbeats.some((h) => h.usage?.slivers.some((s) => s.cpuMs > 0)), 15_000);
  await client.release.mutate({ slice: SLICE, burn: [] });
  await node.end('SIGTERM');
  expect(tracesOf(NODE, data)).toEqual(NO_TRACES);
});
