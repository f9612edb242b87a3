import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { getIP } from '@better-auth/core/utils/ip';
import { expect, test } from 'vitest';
import { stampClientAddress } from './client-address';

function addressOf(peer: string, claimed: string | undefined, trustedProxies: string[]) {
  const socket = new Socket();
  Object.defineProperty(socket, 'remoteAddress', { value: peer });
  const request = new IncomingMessage(socket);
  if (claimed) request.headers['x-forwarded-for'] = claimed;
  stampClientAddress(request, trustedProxies.length > 0);
  const headers = new Headers({ 'x-forwarded-for': String(request.headers['x-forwarded-for']) });
  return getIP(headers, { advanced: { ipAddress: { trustedProxies } } });
}

test('without a proxy, what the caller claims is nothing', () => {
  expect(addressOf('198.51.100.7', '203.0.113.1', [])).toBe('198.51.100.7');
  expect(addressOf('198.51.100.7', undefined, [])).toBe('198.51.100.7');
});

test('behind a proxy of ours, the address it saw counts, not what the caller put before it', () => {
  expect(addressOf('10.0.0.2', '203.0.113.1, 198.51.100.7', ['10.0.0.0/8'])).toBe('198.51.100.7');
  expect(addressOf('10.0.0.2', '198.51.100.7', ['10.0.0.0/8'])).toBe('198.51.100.7');
});

test('who goes round the proxy counts as themselves', () => {
  expect(addressOf('198.51.100.9', '203.0.113.1', ['10.0.0.0/8'])).toBe('198.51.100.9');
});
