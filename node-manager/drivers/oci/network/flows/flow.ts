import type { Tracked } from './conntrack-line';

export type End = { address: string; port: number };

/** Whose traffic it is: the lease's id, and URNs. */
export type FlowOwner = { id: string; slice: string; user: string };

/** A sliver spoke to somebody, or was spoken to through a published port. Times: epoch ms. */
export type Flow = {
  id: string;
  at: number;
  /** Null: not over, as far as is known. */
  endedAt: number | null;
  protocol: string;
  /** Who began it. */
  direction: 'out' | 'in';
  /** The sliver's own address. */
  inside: End;
  /** The address of the node under which the other one knows it. */
  outside: End;
  peer: End;
  owner: FlowOwner;
};

/** Which flow of which sliver a connection is; null for one that is none of ours. Who began it answers for it. Pure. */
export function flowOf(t: Tracked, at: number, ownerOf: (address: string) => FlowOwner | undefined): Flow | null {
  const begun = ownerOf(t.original.source);
  const owner = begun ?? ownerOf(t.reply.source);
  if (!owner) return null;
  const sent = { address: t.original.source, port: t.original.sourcePort };
  const meant = { address: t.original.destination, port: t.original.destinationPort };
  const common = { id: t.id, at, endedAt: null, protocol: t.protocol, owner };
  return begun
    ? {
        ...common,
        direction: 'out',
        inside: sent,
        outside: { address: t.reply.destination, port: t.reply.destinationPort },
        peer: meant,
      }
    : {
        ...common,
        direction: 'in',
        inside: { address: t.reply.source, port: t.reply.sourcePort },
        outside: meant,
        peer: sent,
      };
}

/** Which flows are meant. `from`, `to`: epoch ms, both included; a flow counts when it lived at any instant between them. */
export type FlowQuery = {
  from: number;
  to: number;
  protocol?: string | undefined;
  /** The port under which the other one saw it. */
  outsidePort?: number | undefined;
  peer?: string | undefined;
  peerPort?: number | undefined;
  slice?: string | undefined;
};

/** Does the flow match in all but its end? */
export function matches(flow: Flow, q: FlowQuery): boolean {
  return (
    flow.at <= q.to &&
    (q.protocol === undefined || flow.protocol === q.protocol) &&
    (q.outsidePort === undefined || flow.outside.port === q.outsidePort) &&
    (q.peer === undefined || flow.peer.address === q.peer) &&
    (q.peerPort === undefined || flow.peer.port === q.peerPort) &&
    (q.slice === undefined || flow.owner.slice === q.slice)
  );
}
