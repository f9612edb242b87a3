import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from '../log';
import type { NodeManager } from '../node';
import { exposition } from './exposition';
import { hostMetrics } from './host-metrics';
import { nodeMetrics, sliverMetrics } from './node-metrics';

const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
const MAX_CONNECTIONS = 16;
const REQUEST_MS = 5_000;

/** All that the node says of itself to Prometheus, as of a look at most a second old. */
export async function metricsText(node: NodeManager): Promise<string> {
  await node.monitor.look();
  return exposition([...nodeMetrics(node), ...hostMetrics(node), ...sliverMetrics(node)]);
}

/**
 * Answers `GET /metrics` in plain HTTP, on a port of its own: it is for a Prometheus on the same machine or behind a proxy that asks who
 * calls. It holds amounts and the names of slices, no keys and no statements; few connections, all bounded in time.
 */
export async function serveMetrics(
  node: NodeManager,
  listen: { host: string; port: number },
  log: Logger,
): Promise<{ port: number; close: () => Promise<void> }> {
  const server = createServer(
    { headersTimeout: REQUEST_MS, requestTimeout: REQUEST_MS, connectionsCheckingInterval: 1_000, maxHeaderSize: 8192 },
    (req, res) => {
      req.resume();
      const answer = (status: number, text: string, headers = {}) =>
        res.writeHead(status, { 'Content-Type': CONTENT_TYPE, 'Cache-Control': 'no-store', ...headers }).end(text);
      if ((req.url ?? '').split('?')[0] !== '/metrics') return answer(404, 'Not found: ask for /metrics\n');
      if (req.method !== 'GET' && req.method !== 'HEAD') return answer(405, 'Only GET\n', { Allow: 'GET, HEAD' });
      metricsText(node).then(
        (text) => answer(200, req.method === 'HEAD' ? '' : text),
        (err: unknown) => {
          log.error({ err }, 'could not say what is used');
          answer(500, 'Failed; the log of the node manager says why\n');
        },
      );
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.setTimeout(60_000); // a scraper that keeps its connection asks once a minute or oftener
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(listen.port, listen.host, resolve);
  });
  server.on('error', (err) => log.error({ err }, 'the port of the metrics'));
  return {
    port: (server.address() as AddressInfo).port, // it listens on TCP
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
