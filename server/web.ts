import { createServer } from 'node:http';
import type { Duplex } from 'node:stream';
import next from 'next';
import { z } from 'zod';
import { Refused } from '@/core/errors';
import { TERMINAL_PATH } from '@/protocol/api/terminal';
import { processAuth } from './auth';
import { stampClientAddress } from './client-address';
import { processDb } from './db';
import { parseEnvironment, WebEnvironment } from './env';
import { log } from './log';
import { readableAddress } from './readable-address';
import { webServiceManager } from './service-manager/web';
import { TerminalServer } from './terminal/serve-terminals';

// The web program. `next start` by itself never ends while a browser holds its live stream open; here the streams are
// cut at the end of a short patience, and browsers come back by themselves.

/** What running requests may still take once the program is asked to end, in ms. */
const PATIENCE_MS = 1_500;

const Listen = z.object({
  PORT: z.coerce.number().int().min(1).max(65535).default(3000),
  MERIDIAN_HOST: z.string().min(1).default('127.0.0.1'),
  NODE_ENV: z.enum(['production', 'development']).default('production'),
});

async function main() {
  const behindProxies = parseEnvironment(WebEnvironment).MERIDIAN_TRUSTED_PROXIES.length > 0;
  const { PORT: port, MERIDIAN_HOST: host, NODE_ENV: mode } = parseEnvironment(Listen);
  const app = next({ dev: mode === 'development', hostname: 'localhost', port, turbopack: mode === 'development' });
  await app.prepare();
  const handle = app.getRequestHandler();
  const upgrade = app.getUpgradeHandler();
  const sockets = new Set<Duplex>();
  const server = createServer((request, response) => {
    stampClientAddress(request, behindProxies);
    request.url = readableAddress(request.url);
    handle(request, response).catch((err: unknown) => {
      log.error({ err, url: request.url }, 'request failed');
      response.destroy();
    });
  });
  const terminals = new TerminalServer({
    db: processDb(),
    auth: processAuth(),
    origin: parseEnvironment(WebEnvironment).MERIDIAN_URL,
    dial: async (target) => (await webServiceManager()).dial(target),
    log,
  });
  server.on('upgrade', (request, socket, head) => {
    // Upgraded sockets are no longer the server's to close.
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    if (request.url?.split('?')[0] === TERMINAL_PATH) {
      stampClientAddress(request, behindProxies);
      terminals.upgrade(request, socket, head);
    } else upgrade(request, socket, head).catch(() => socket.destroy());
  });
  await new Promise<void>((done, failed) => {
    server.once('error', failed);
    server.listen(port, host, done);
  });
  log.info({ url: process.env.MERIDIAN_URL, port, host }, 'ready');

  let ending = false;
  const end = (why: string) => {
    if (ending) return;
    ending = true;
    log.info({ why }, 'stopping');
    // Next's bundles keep their modules to themselves; what they share with this program lies at a global name.
    const { meridianHub } = globalThis as { meridianHub?: { close(): Promise<void> } };
    meridianHub?.close().catch(() => {}); // ends the live streams, and browsers see an end, not a cut
    const ended = terminals.close().catch(() => {}); // each says so to its browser, and to the audit log
    server.close(() => void ended.then(() => process.exit(0)));
    server.closeIdleConnections();
    setTimeout(() => {
      server.closeAllConnections();
      for (const socket of sockets) socket.destroy();
      setTimeout(() => process.exit(0), 500);
    }, PATIENCE_MS);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => end(signal));
  if (process.env.MERIDIAN_SUPERVISED === '1') process.on('disconnect', () => end('supervisor gone'));
}

main().catch((err: unknown) => {
  if (err instanceof Refused && err.code === 'CONFIG_INVALID') {
    log.fatal(`${err.facts.variable} ${err.facts.problem}`);
    process.exit(78);
  }
  log.fatal({ err }, 'the web server could not start');
  process.exit(70);
});
