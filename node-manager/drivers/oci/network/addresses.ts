import { isIPv6 } from 'node:net';

/** A bridge of Linux has 1,023 ports; a /22 has room for that many addresses with the gateway's. */
const PREFIX_BITS = 22;
const SUBNET_SIZE = 2 ** (32 - PREFIX_BITS);
/** Slots are counted from 0. */
export const MAX_SLOTS = SUBNET_SIZE - 3;
const TEN = 0x0a000000;
const SUBNETS = 2 ** (PREFIX_BITS - 8);

/** IPv4 addresses [first, last], as numbers. */
export type Range = { first: number; last: number };

/** A node's own subnets: the IPv4 one out of 10/8, the IPv6 one a unique local /64 (RFC 4193). */
export type Subnets = {
  /** "10.1.4.0" */
  base4: string;
  /** "fd12:3456:789a:0" */
  base6: string;
};

export function ip4(text: string): number | null {
  const parts = text.split('.');
  if (parts.length !== 4) return null;
  let value = 0;
  for (const part of parts) {
    if (!/^\d{1,3}$/.test(part) || Number(part) > 255) return null;
    value = value * 256 + Number(part);
  }
  return value;
}

export function ip4Text(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
}

/** "10.0.0.0/8" or "10.0.0.1"; null for what is no IPv4 prefix. */
export function ip4Range(cidr: string): Range | null {
  const [address = '', bits = '32'] = cidr.split('/');
  const value = ip4(address);
  if (value === null || !/^\d{1,2}$/.test(bits) || Number(bits) > 32) return null;
  const size = 2 ** (32 - Number(bits));
  const first = Math.floor(value / size) * size;
  return { first, last: first + size - 1 };
}

/**
 * A /22 that touches none of the ranges: the preferred one where it is free, else the first free one from where the tag points to, so that
 * the same node tends to get the same. Null when none is free.
 */
export function chooseSubnet(tag: string, taken: readonly Range[], preferred: string | null): string | null {
  const from = Number.parseInt(tag.slice(0, 6), 16) % SUBNETS;
  const wanted = preferred === null ? null : ip4(preferred);
  for (let i = -1; i < SUBNETS; i++) {
    const first = i < 0 ? wanted : TEN + ((from + i) % SUBNETS) * SUBNET_SIZE;
    if (first === null) continue;
    const last = first + SUBNET_SIZE - 1;
    if (!taken.some((range) => range.first <= last && range.last >= first)) return ip4Text(first);
  }
  return null;
}

/** The unique local /64 of a tag of at least eight hexadecimal digits. */
export function subnet6(tag: string): string {
  const hex = tag.slice(0, 8);
  return `fd6d:${hex.slice(0, 4)}:${hex.slice(4, 8)}:0`;
}

export function cidr4(subnets: Subnets): string {
  return `${subnets.base4}/${PREFIX_BITS}`;
}

export function cidr6(subnets: Subnets): string {
  return `${subnets.base6}::/64`;
}

export function gateway4(subnets: Subnets): string {
  return ip4Text((ip4(subnets.base4) ?? 0) + 1);
}

export function gateway6(subnets: Subnets): string {
  return `${subnets.base6}::1`;
}

/** What a sliver in a slot is reached by. Deterministic. */
export function sliverAddresses(tag: string, subnets: Subnets, slot: number) {
  const hex = (slot + 2).toString(16).padStart(4, '0');
  const mac = ['02', tag.slice(0, 2), tag.slice(2, 4), tag.slice(4, 6), hex.slice(0, 2), hex.slice(2, 4)].join(':');
  return {
    ipv4: ip4Text((ip4(subnets.base4) ?? 0) + 2 + slot),
    ipv6: plainAddress(`${subnets.base6}::${(slot + 2).toString(16)}`),
    mac,
    linkLocal: plainAddress(linkLocal(mac)),
  };
}

/** An address in the one form that the kernel's tools print (RFC 5952). */
export function plainAddress(address: string): string {
  return isIPv6(address) ? new URL(`http://[${address}]/`).hostname.slice(1, -1) : address;
}

/** The bridge's own hardware address: of slot −2, so to say. */
export function bridgeMac(tag: string): string {
  return ['02', tag.slice(0, 2), tag.slice(2, 4), tag.slice(4, 6), '00', '00'].join(':');
}

/** The link-local address that Linux makes of a hardware address (EUI-64, RFC 4291 appendix A). */
function linkLocal(mac: string): string {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = mac.split(':').map((part) => Number.parseInt(part, 16));
  const word = (x: number, y: number) => (x * 256 + y).toString(16);
  return `fe80::${word(a ^ 2, b)}:${word(c, 0xff)}:${word(0xfe, d)}:${word(e, f)}`;
}
