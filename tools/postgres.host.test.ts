import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { removeCluster, startPostgres } from './postgres.mjs';

const folder = mkdtempSync(join(tmpdir(), 'meridian-cluster-'));
chmodSync(folder, 0o711);
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const options = { dataDir: join(folder, 'postgres'), password: "a b'c/@" };

async function query(url: string, sql: string) {
  const client = new pg.Client(url);
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

test('a server whose keeper was killed is stopped at the next start, and what was committed is there', async () => {
  const first = await startPostgres(options);
  await query(first.url('postgres'), 'create table kept as select 42 as answer');
  process.kill(first.pid, 'SIGKILL');
  await first.exited;
  expect(await query(first.url('postgres'), 'select answer from kept')).toEqual([{ answer: 42 }]); // it lives on
  const second = await startPostgres(options);
  await expect(query(first.url('postgres'), 'select 1')).rejects.toThrow(/ECONNREFUSED/);
  expect(await query(second.url('postgres'), 'select answer from kept')).toEqual([{ answer: 42 }]);
  await second.stop();
  await second.stop();
  removeCluster(second);
});

test('the server answers on loopback only and asks for the password', async () => {
  const server = await startPostgres(options);
  try {
    const [settings] = await query(
      server.url('postgres'),
      `select current_setting('listen_addresses') as listen, current_setting('unix_socket_directories') as sockets`,
    );
    expect(settings).toEqual({ listen: '127.0.0.1', sockets: '' });
    const url = new URL(server.url('postgres'));
    url.password = 'wrong';
    await expect(query(url.href, 'select 1')).rejects.toThrow(/password authentication failed/);
  } finally {
    await server.stop();
    removeCluster(server);
  }
});
