import type { IncomingMessage } from 'node:http';

/**
 * Makes X-Forwarded-For say who really connected, before Next sees the request: limits are counted by it, so a caller must
 * not choose it. Without proxies of ours the header is what the socket says; behind them the socket's address is
 * appended, and the last hop that is no proxy of ours counts.
 */
export function stampClientAddress(request: IncomingMessage, behindProxies: boolean): void {
  const peer = request.socket.remoteAddress;
  const claimed = request.headers['x-forwarded-for'];
  const hops = behindProxies && claimed ? [claimed].flat() : [];
  if (peer) request.headers['x-forwarded-for'] = [...hops, peer].join(', ');
  else delete request.headers['x-forwarded-for'];
}
