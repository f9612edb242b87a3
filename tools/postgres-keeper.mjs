// Holds the embedded Postgres for a parent that may be killed at any instant: when the channel to the parent closes, the
// server is stopped. Postgres cannot notice that by itself, and a server left behind keeps the port and the data locked.
import { spawn } from 'node:child_process';

/** After its clients were given this long to leave, the server ends their connections. */
const PATIENCE_MS = 5_000;
/** After this long a fast shutdown is given up for an immediate one, which costs a recovery at the next start. */
const DEADLINE_MS = 15_000;

let server;
let stopping = false;

process.on('message', (message) => {
  if (message.start && !server) start(message.start);
  if (message.stop) stop('SIGINT');
});
// The parent is gone: its other children are ending too and may still be writing, so wait for them first (smart shutdown).
process.on('disconnect', () => stop('SIGTERM'));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop('SIGINT'));

function start({ command, args, cwd, uid, gid }) {
  server = spawn(command, args, {
    cwd,
    uid,
    gid,
    env: { PATH: process.env.PATH, LC_ALL: 'C' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  server.once('error', (err) => {
    tell({ failed: err.message });
    process.exit(1);
  });
  let rest = '';
  server.stderr.setEncoding('utf8').on('data', (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop().slice(-8192);
    for (const line of lines) {
      tell({ line });
      if (line.includes('database system is ready to accept connections')) tell({ ready: true });
    }
  });
  server.once('close', (code, signal) => {
    tell({ failed: `the server ended (${signal ?? code})` });
    process.exit(stopping ? 0 : 1);
  });
}

function stop(how) {
  if (!server) process.exit(0);
  if (stopping && how !== 'SIGINT') return;
  stopping = true;
  server.kill(how);
  setTimeout(() => server.kill('SIGINT'), PATIENCE_MS).unref();
  setTimeout(() => server.kill('SIGQUIT'), DEADLINE_MS).unref();
}

function tell(message) {
  if (process.connected) process.send(message, () => {});
}
