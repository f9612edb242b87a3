/** One direction of a connection as the kernel tracks it. Ports are 0 where the protocol has none. */
type Tuple = { source: string; destination: string; sourcePort: number; destinationPort: number };

/** What `conntrack` says of a connection; `at` is epoch ms, null in a list. */
export type Tracked = {
  event: 'new' | 'destroy' | 'listed';
  at: number | null;
  /** The kernel's: the same from the first event to the last. */
  id: string;
  protocol: string;
  /** As whoever began it sent. */
  original: Tuple;
  /** As the answer comes: turned round, and with what NAT made of it. */
  reply: Tuple;
};

/** A line of `conntrack -E -o timestamp,id` or `conntrack -L -o id`; null for what is none. Pure. */
export function conntrackLine(line: string): Tracked | null {
  const head = /^(?:\[(\d+)\.(\d{6})\]\s+)?(?:\[(NEW|DESTROY)\]\s+)?([a-z]\w*)\s+\d+/.exec(line.trimStart());
  if (!head) return null;
  const [, seconds, micros, event, protocol = ''] = head;
  const values = (name: string) =>
    [...line.matchAll(new RegExp(`(?:^|\\s)${name}=(\\S+)`, 'g'))].map((m) => m[1] ?? '');
  const [sources, destinations, ids] = [values('src'), values('dst'), values('id')];
  const [sourcePorts, destinationPorts] = [values('sport'), values('dport')];
  const id = ids.at(-1);
  if (sources.length < 2 || destinations.length < 2 || !id) return null;
  const tuple = (i: number): Tuple => ({
    source: sources[i] ?? '',
    destination: destinations[i] ?? '',
    sourcePort: Number(sourcePorts[i] ?? 0),
    destinationPort: Number(destinationPorts[i] ?? 0),
  });
  return {
    event: event === 'NEW' ? 'new' : event === 'DESTROY' ? 'destroy' : 'listed',
    at: seconds === undefined ? null : Number(seconds) * 1000 + Math.floor(Number(micros) / 1000),
    id,
    protocol,
    original: tuple(0),
    reply: tuple(1),
  };
}
