import { Refused } from '../errors';

/** An address prefix: what of it counts, as a number, and how many bits. */
type Prefix = { family: 4 | 6; value: bigint; bits: number };

/**
 * Address prefixes ("192.0.2.0/24", "2001:db8::/32", single addresses) in one clean form: no bits behind the prefix, none twice, none inside
 * another, in a fixed order. Throws Refused INVALID_INPUT for what is none.
 */
export function normalPrefixes(texts: readonly string[]): string[] {
  const all = texts
    .map(parse)
    .sort((a, b) => a.family - b.family || a.bits - b.bits || (a.value < b.value ? -1 : a.value > b.value ? 1 : 0));
  const kept: Prefix[] = [];
  for (const one of all) if (!kept.some((wider) => holds(wider, one))) kept.push(one);
  return kept.map(textOf);
}

function holds(wider: Prefix, one: Prefix): boolean {
  const rest = BigInt((wider.family === 4 ? 32 : 128) - wider.bits);
  return wider.family === one.family && wider.bits <= one.bits && wider.value >> rest === one.value >> rest;
}

function parse(text: string): Prefix {
  const [address = '', bitsText, ...more] = text.trim().split('/');
  const family = address.includes(':') ? 6 : 4;
  const width = family === 4 ? 32 : 128;
  const value = family === 4 ? parse4(address) : parse6(address);
  const bits = bitsText === undefined ? width : /^\d{1,3}$/.test(bitsText) ? Number(bitsText) : -1;
  if (value === null || more.length > 0 || bits < 0 || bits > width)
    throw new Refused('INVALID_INPUT', { field: 'sources', problem: `${text.slice(0, 64)} is no address prefix` });
  const rest = BigInt(width - bits);
  return { family, value: (value >> rest) << rest, bits };
}

function parse4(text: string): bigint | null {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) return null;
  return parts.reduce((sum, part) => sum * 256n + BigInt(part), 0n);
}

function parse6(text: string): bigint | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const groups = halves.map((half) => (half === '' ? [] : half.split(':')));
  const [head = [], tail = []] = groups;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const whole = [...head, ...Array<string>(halves.length === 2 ? missing : 0).fill('0'), ...tail];
  if (!whole.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return null;
  return whole.reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n);
}

function textOf({ family, value, bits }: Prefix): string {
  const step = family === 4 ? 8n : 16n;
  const parts: string[] = [];
  for (let at = BigInt(family === 4 ? 32 : 128) - step; at >= 0n; at -= step)
    parts.push(((value >> at) & ((1n << step) - 1n)).toString(family === 4 ? 10 : 16));
  return `${parts.join(family === 4 ? '.' : ':')}/${bits}`;
}
