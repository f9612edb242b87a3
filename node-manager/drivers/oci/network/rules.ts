import { cidr4, cidr6, type Subnets } from './addresses';
import { BRIDGE_PREFIX, type NetworkNames } from './names';
import type { PublishedPort } from './sliver-network';

/** A sliver that is connected, as the rules need it. */
export type Member = {
  veth: string;
  mac: string;
  ipv4: string;
  ipv6: string;
  linkLocal: string;
  ports: readonly PublishedPort[];
};

export type RuleSettings = {
  names: NetworkNames;
  subnets: Subnets;
  ipv6: boolean;
  /** This host was no router before us: then it shall be none for anybody else. */
  routesForUsAlone: boolean;
};

/**
 * The node's whole rules as one nft transaction: whatever was in its tables before is replaced at once, with no moment in between. Pure.
 *
 * Bridge table: a frame from a sliver's interface passes only with that sliver's own hardware and IP addresses. Inet table: no sliver reaches
 * the host itself, another sliver, another node's bridge or a link-local address, unless through a published port; nobody reaches a
 * sliver but by an answer or a published port; what goes out wears the host's address.
 */
export function ruleset(s: RuleSettings, members: readonly Member[]): string {
  const { bridge, table, vethPrefix } = s.names;
  const in4 = cidr4(s.subnets);
  const in6 = cidr6(s.subnets);
  return `add table bridge ${table}
delete table bridge ${table}
add table inet ${table}
delete table inet ${table}
table bridge ${table} {
  set macs { type ifname . ether_addr; }
  set own4 { type ifname . ipv4_addr; }
  set own6 { type ifname . ipv6_addr; }
  chain prerouting {
    type filter hook prerouting priority -300; policy accept;
    iifname "${vethPrefix}*" jump sliver
  }
  chain sliver {
    iifname . ether saddr != @macs drop
    ether type ip iifname . ip saddr @own4 accept
    ether type arp arp saddr ether 00:00:00:00:00:00 drop
    ether type arp iifname . arp saddr ether != @macs drop
    ether type arp iifname . arp saddr ip @own4 accept
    ether type ip6 icmpv6 type { nd-router-advert, nd-redirect } drop
    ether type ip6 iifname . ip6 saddr @own6 accept
    ether type ip6 ip6 saddr :: icmpv6 type { nd-neighbor-solicit, mld2-listener-report } accept
    drop
  }
}
table inet ${table} {
  map dnat4 { type inet_proto . inet_service : ipv4_addr . inet_service; }
  map dnat6 { type inet_proto . inet_service : ipv6_addr . inet_service; }
  set restricted { type inet_proto . inet_service; }
  set sources4 { type inet_proto . inet_service . ipv4_addr; flags interval; }
  set sources6 { type inet_proto . inet_service . ipv6_addr; flags interval; }
  chain raw {
    type filter hook prerouting priority -300; policy accept;
    iifname "${bridge}" ip daddr 127.0.0.0/8 drop
  }
  chain input {
    type filter hook input priority -5; policy accept;
    iifname "${bridge}" jump from_sliver
    ip daddr ${in4} iifname != { "lo", "${bridge}" } drop
  }
  chain from_sliver {
    ct state established,related accept
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
    icmp type echo-request limit rate 50/second accept
    icmpv6 type echo-request limit rate 50/second accept
    meta l4proto tcp reject with tcp reset
    reject with icmpx type admin-prohibited
  }
  chain forward {
    type filter hook forward priority -5; policy accept;
    iifname "${bridge}" jump sliver_out
    oifname "${bridge}" jump sliver_in
    ip saddr ${in4} drop
    ip6 saddr ${in6} drop
${s.routesForUsAlone ? `    ct state new iifname != "${BRIDGE_PREFIX}*" oifname != "${BRIDGE_PREFIX}*" drop\n` : ''}  }
  chain sliver_out {
    meta nfproto ipv4 ip saddr != ${in4} drop
    meta nfproto ipv6 ip6 saddr != ${in6} drop
    ct state invalid drop
    ct state established,related accept
    ct status dnat accept
    oifname "${BRIDGE_PREFIX}*" goto sliver_refused
    ip daddr { 0.0.0.0/8, 127.0.0.0/8, 169.254.0.0/16 } goto sliver_refused
    ip6 daddr { ::1, fe80::/10 } goto sliver_refused
    accept
  }
  chain sliver_in {
    ct state established,related accept
    ct status dnat accept
    drop
  }
  chain sliver_refused {
    meta l4proto tcp reject with tcp reset
    reject with icmpx type admin-prohibited
  }
  chain output {
    type filter hook output priority -5; policy accept;
    oifname "${bridge}" icmp type redirect drop
    oifname "${bridge}" icmpv6 type nd-redirect drop
  }
  chain published {
    type nat hook prerouting priority -105; policy accept;
    fib daddr type local jump to_published
  }
  chain published_here {
    type nat hook output priority -105; policy accept;
    ip6 daddr ::1 accept
    fib daddr type local jump to_published
  }
  chain to_published {
    meta nfproto ipv4 meta l4proto . th dport @restricted meta l4proto . th dport . ip saddr != @sources4 accept
    meta nfproto ipv6 meta l4proto . th dport @restricted meta l4proto . th dport . ip6 saddr != @sources6 accept
    meta nfproto ipv4 dnat ip to meta l4proto . th dport map @dnat4
    meta nfproto ipv6 dnat ip6 to meta l4proto . th dport map @dnat6
  }
  chain leave {
    type nat hook postrouting priority 95; policy accept;
    ip saddr ${in4} ip daddr != ${in4} oifname != "${bridge}" masquerade
    ip6 saddr ${in6} ip6 daddr != ${in6} oifname != "${bridge}" masquerade
    iifname "${bridge}" oifname "${bridge}" masquerade
    ip saddr 127.0.0.0/8 oifname "${bridge}" masquerade
  }
}
${members.flatMap((member) => memberRules(s, member, 'add')).join('\n')}
`;
}

/** Adds or deletes one sliver's elements. Deleting what is not there fails the whole transaction. */
export function memberRules(s: RuleSettings, m: Member, verb: 'add' | 'delete'): string[] {
  const { table } = s.names;
  const element = (set: string, key: string) => `${verb} element bridge ${table} ${set} { ${key} }`;
  return [
    element('macs', `"${m.veth}" . ${m.mac}`),
    element('own4', `"${m.veth}" . ${m.ipv4}`),
    ...(s.ipv6 ? [m.ipv6, m.linkLocal].map((ip) => element('own6', `"${m.veth}" . ${ip}`)) : []),
    ...portRules(s, m, verb),
  ];
}

/** Adds or deletes the elements of one sliver's published ports. */
export function portRules(s: RuleSettings, m: Member, verb: 'add' | 'delete'): string[] {
  const line = (set: string, key: string, value?: string) =>
    `${verb} element inet ${s.names.table} ${set} { ${key}${value !== undefined && verb === 'add' ? ` : ${value}` : ''} }`;
  return m.ports.flatMap((port) => {
    const key = `${port.protocol} . ${port.external}`;
    return [
      line('dnat4', key, `${m.ipv4} . ${port.internal}`),
      ...(s.ipv6 ? [line('dnat6', key, `${m.ipv6} . ${port.internal}`)] : []),
      ...(port.sources.length > 0 ? [line('restricted', key)] : []),
      ...port.sources.map((source) => line(source.includes(':') ? 'sources6' : 'sources4', `${key} . ${source}`)),
    ];
  });
}
