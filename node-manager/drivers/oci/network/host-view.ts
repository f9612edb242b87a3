import { existsSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { ip4Range, type Range } from './addresses';

export type Counters = { received: number; sent: number };

/** Every interface of this process's network with its bytes, as the host counts them. */
export function interfaceCounters(): Map<string, Counters> {
  const found = new Map<string, Counters>();
  for (const line of readFileSync('/proc/net/dev', 'utf8').split('\n').slice(2)) {
    const [name, numbers] = line.split(':');
    const fields = numbers?.trim().split(/\s+/) ?? [];
    if (name && fields.length >= 9) found.set(name.trim(), { received: Number(fields[0]), sent: Number(fields[8]) });
  }
  return found;
}

/** What `ip -4 route show table all` says, as ranges: the addresses that mean something on this host already. */
export function routedRanges(routes: string, ownBridge: string): Range[] {
  return routes.split('\n').flatMap((line) => {
    if (line.includes(`dev ${ownBridge} `) || line.endsWith(`dev ${ownBridge}`)) return [];
    const words = line.split(' ');
    const prefix = words.find((word) => /^\d+\.\d+\.\d+\.\d+(\/\d+)?$/.test(word));
    const range = prefix === undefined || words[0] === 'default' ? null : ip4Range(prefix);
    return range ? [range] : [];
  });
}

/** The interface that the default route leaves by, from /proc/net/route, and its MTU. */
export function uplinkMtu(): number {
  const line = readFileSync('/proc/net/route', 'utf8')
    .split('\n')
    .find((text) => text.split('\t')[1] === '00000000');
  const device = line?.split('\t')[0];
  try {
    return device ? Number(readFileSync(`/sys/class/net/${device}/mtu`, 'utf8')) : 1500;
  } catch {
    return 1500; // another network namespace than that of /sys
  }
}

/**
 * Who answers the host's questions for names and can be asked by a sliver: what resolv.conf says, or systemd-resolved's own sources where
 * that is a resolver on the loopback.
 */
export function nameservers(files = ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf']): string[] {
  for (const file of files) {
    if (!existsSync(file)) continue;
    const found = [...readFileSync(file, 'utf8').matchAll(/^\s*nameserver\s+(\S+)/gm)]
      .map((match) => match[1] ?? '')
      .filter((address) => isIP(address) !== 0 && !/^127\.|^::1$|^fe80:/i.test(address));
    if (found.length > 0) return found.slice(0, 3);
  }
  return [];
}

/** A port of this host on which a program of its own waits? Tells by /proc: what one would bind is not disturbed. */
export function isListening(protocol: 'tcp' | 'udp', port: number): boolean {
  const hex = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return [protocol, `${protocol}6`].some((name) => {
    const file = `/proc/net/${name}`;
    if (!existsSync(file)) return false;
    return readFileSync(file, 'utf8')
      .split('\n')
      .some((line) => {
        const [, local, , state] = line.trim().split(/\s+/);
        return (local?.endsWith(hex) ?? false) && (state === '0A' || state === '07'); // LISTEN, or an unconnected UDP socket
      });
  });
}
