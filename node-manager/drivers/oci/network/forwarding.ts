import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { BRIDGE_PREFIX } from './names';

const IP_FORWARD = '/proc/sys/net/ipv4/ip_forward';
const CONF6 = '/proc/sys/net/ipv6/conf';
/** Frames between ports of a bridge through the rules for routed packets too (br_netfilter), where the module is loaded. */
const BRIDGED = ['iptables', 'ip6tables'].map((name) => `/proc/sys/net/bridge/bridge-nf-call-${name}`);
const Changed = z.array(z.tuple([z.string(), z.string()]));

/**
 * The kernel's switches for forwarding, set only where they were otherwise, and remembered for who leaves last. IPv6 by the switch of each
 * interface (Linux 6.17): the one for all of them would make the host deaf to router advertisements. Used under the host's lock.
 */
export class Forwarding {
  private readonly file: string;

  constructor(folder: string) {
    this.file = `${folder}/forwarding`;
  }

  /** Can IPv6 be forwarded without a change for others? */
  static ipv6Able(): boolean {
    return existsSync(`${CONF6}/lo/force_forwarding`) || value(`${CONF6}/all/forwarding`) === '1';
  }

  /** True when this host routes IPv4 only because a node manager asked for it. */
  get onlyForUs(): boolean {
    return this.changed().some(([path]) => path === IP_FORWARD);
  }

  /** Switches on what is off. Idempotent. Gives what it changed now. */
  enable(ipv6: boolean): string[] {
    const all6 = ipv6 && value(`${CONF6}/all/forwarding`) !== '1';
    return this.set(
      [IP_FORWARD, ...(all6 ? interfaces().map((name) => `${CONF6}/${name}/force_forwarding`) : [])],
      '1',
    );
  }

  /**
   * Keeps routed packets and bridged frames apart where no other bridge of the host may want them mixed: with br_netfilter a packet for
   * another sliver's published port would be turned round inside the bridge, whose ports are closed to each other.
   */
  unmixBridges(): string[] {
    return this.set(BRIDGED, '0');
  }

  /** Puts back what any node manager changed. */
  restore(): string[] {
    const changed = this.changed().filter(([path]) => existsSync(path));
    for (const [path, before] of changed) writeFileSync(path, before);
    return changed.map(([path]) => path);
  }

  private set(paths: readonly string[], to: '0' | '1'): string[] {
    const from = to === '1' ? '0' : '1';
    const switches = paths.filter((path) => value(path) === from);
    if (switches.length === 0) return [];
    const before = this.changed().filter(([path]) => existsSync(path)); // an interface may be gone with its switches
    const fresh = switches.filter((path) => !before.some(([known]) => known === path));
    // Remembered before it is done: a crash in between restores one that was never touched.
    writeFileSync(this.file, JSON.stringify([...before, ...fresh.map((path) => [path, from])]), { mode: 0o600 });
    for (const path of switches) writeFileSync(path, to);
    return switches;
  }

  private changed(): z.infer<typeof Changed> {
    try {
      return Changed.parse(JSON.parse(readFileSync(this.file, 'utf8')));
    } catch {
      return [];
    }
  }
}

/** Interfaces between which packets of slivers may go: all but the loopback and those of single slivers. */
function interfaces(): string[] {
  return readdirSync(CONF6).filter(
    (name) =>
      !['all', 'default', 'lo'].includes(name) && (name.startsWith(BRIDGE_PREFIX) || !/^m[iv][0-9a-f]{8}/.test(name)),
  );
}

function value(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}
