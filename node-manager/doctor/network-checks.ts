import { existsSync } from 'node:fs';
import { type Finding, less, ok } from './finding';
import { says, text, which } from './host';

/** What the network of slivers makes use of: looked up, nothing is made. Without it they run with their loopback alone. */
export function networkChecks(): Finding[] {
  return [
    tool('ip', 'iproute2', 'addresses and interfaces'),
    nft(),
    tool('tc', 'iproute2', 'limits on the rate'),
    conntrack(),
    forwarding('ip-forward', '/proc/sys/net/ipv4/ip_forward'),
    ipv6(),
  ];
}

function tool(program: string, from: string, what: string): Finding {
  const path = which(program);
  return path
    ? ok(program, path)
    : less(program, `the program ${program} is not installed: no ${what}`, `apt-get install -y ${from}`);
}

function nft(): Finding {
  if (!which('nft'))
    return less('nft', 'the program nft is not installed: no way out for slivers', 'apt-get install -y nftables');
  return says('nft', 'list', 'tables') === null
    ? less('nft', 'nft may not be used here', 'modprobe nf_tables; run it with CAP_NET_ADMIN')
    : ok('nft', says('nft', '--version')?.trim() ?? 'nft');
}

function conntrack(): Finding {
  if (!which('conntrack'))
    return less(
      'conntrack',
      'the program conntrack is not installed: no network for slivers',
      'apt-get install -y conntrack',
    );
  const most = text('/proc/sys/net/netfilter/nf_conntrack_max');
  return most
    ? ok('conntrack', `up to ${most} connections`)
    : less(
        'conntrack',
        'the kernel tracks no connections: no address translation, no flow records',
        'modprobe nf_conntrack',
      );
}

/** The node manager switches it on by itself, and off again. */
function forwarding(id: string, path: string): Finding {
  return ok(id, text(path) === '1' ? 'on' : 'off until slivers need it');
}

function ipv6(): Finding {
  if (!existsSync('/proc/net/if_inet6'))
    return less('ipv6', 'the kernel has it switched off', 'sysctl -w net.ipv6.conf.all.disable_ipv6=0');
  const global = text('/proc/net/if_inet6')
    .split('\n')
    .some((line) => line.split(/\s+/)[3] === '00');
  return global
    ? ok('ipv6', 'this host has an address')
    : less('ipv6', 'this host has no address of its own: slivers have IPv4 only', 'give the host an IPv6 address');
}
