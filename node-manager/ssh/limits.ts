import { isIPv6 } from 'node:net';

/** How many may be there at once; per sliver unless a name says otherwise. */
export type SshLimits = {
  /** Connections that have not said a word: each costs a descriptor. */
  silent: number;
  silentOfSource: number;
  silentOfNode: number;
  /** Logins that have not proved a key: each is a process in the sliver. */
  unproven: number;
  unprovenOfSource: number;
  unprovenOfNode: number;
  /** Logins in all. */
  sessions: number;
  sessionsOfSource: number;
  /** Wait for the first word, in ms. */
  firstWordMs: number;
};

export const SSH_LIMITS: SshLimits = {
  silent: 32,
  silentOfSource: 16,
  silentOfNode: 512,
  unproven: 10,
  unprovenOfSource: 5,
  unprovenOfNode: 40,
  sessions: 64,
  sessionsOfSource: 32,
  firstWordMs: 10_000,
};

/** Where a connection comes from, for counting: an IPv4 address, or the /64 of an IPv6 one, which one host has to itself. */
export function sourceOf(address: string | undefined): string {
  const plain = (address ?? '').replace(/^::ffff:(?=\d+\.)/, '').replace(/%.*$/, '');
  if (!isIPv6(plain)) return plain;
  const [head = '', tail] = plain.split('::');
  const groups = head === '' ? [] : head.split(':');
  const behind = tail === undefined ? [] : tail.split(':').filter(Boolean);
  const zeros = Array.from({ length: Math.max(0, 8 - groups.length - behind.length) }, () => '0');
  const whole = [...groups, ...(tail === undefined ? [] : zeros), ...behind];
  return `${whole
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, '').toLowerCase())
    .join(':')}::/64`;
}
