import { Refused } from '@/core/errors';
import { normalPrefixes } from '@/core/network/prefixes';
import { MAX_PORTS, type PublishedPortView } from '@/protocol/node-manager/ports';
import type { NodeManagerService } from '@/protocol/node-manager/router';
import type { Peer } from '@/protocol/trpc';
import type { LeaseRecord } from '../lease/node-state';
import type { NodeManager } from '../node';
import type { Guards } from './guards';

/** So many ports are tried for who leaves the choice to the node. */
const TRIES = 64;

/** Published ports: which port of the node leads to which of a sliver. Durable, and kept over stops and starts of the sliver. */
export function portsService(
  node: NodeManager,
  guards: Guards,
): Pick<NodeManagerService, 'publish' | 'unpublish' | 'ports'> {
  const { ledger, urn, driver } = node.o;

  const leaseOf = (peer: Peer, slice: string): LeaseRecord => {
    const { lease } = guards.recordOf(peer, slice);
    if (!node.state.leases.has(lease.jti)) throw guards.noLease(slice);
    return lease;
  };
  const portsOf = (lease: LeaseRecord): readonly PublishedPortView[] => node.state.ports.get(lease.jti) ?? [];
  const network = () => {
    const { network: found } = driver;
    if (!found || found.missing.length > 0)
      throw new Refused('NO_NETWORK', {
        missing: found ? [...found.missing] : ['real slivers: its own are simulated'],
      });
    return found;
  };
  const view = (lease: LeaseRecord) => ({ ports: [...portsOf(lease)], range: node.policy.current.ports });
  /** Which sliver of this node has the port. */
  const holder = (protocol: string, external: number): string | undefined => {
    for (const [lease, ports] of node.state.ports)
      if (ports.some((port) => port.protocol === protocol && port.external === external)) return lease;
    return undefined;
  };

  /** Durable first, then real: a crash in between is made good at the next start. */
  const enter = async (lease: LeaseRecord, ports: PublishedPortView[]) => {
    await ledger.record(urn, { t: 'published', at: ledger.now(), lease: lease.jti, ports });
    await network().setPorts(lease.jti, portsOf(lease));
  };

  /** The port that the node chooses: the same one for the same sliver's port as long as it is free. */
  const choose = async (lease: LeaseRecord, protocol: 'tcp' | 'udp', internal: number): Promise<number> => {
    const range = node.policy.current.ports;
    if (!range) throw new Refused('PORT_OUT_OF_RANGE', { port: 0, from: 0, to: 0 });
    const size = range.to - range.from + 1;
    let from = internal;
    for (const c of lease.jti) from = (from * 31 + c.charCodeAt(0)) % 1_000_003;
    for (let i = 0; i < Math.min(TRIES, size); i++) {
      const external = range.from + ((from + i) % size);
      if (!holder(protocol, external) && !(await network().holderOf(protocol, external))) return external;
    }
    throw new Refused('PORT_TAKEN', {
      protocol,
      port: range.from + (from % size),
      by: 'others, as are those after it',
    });
  };

  return {
    async publish(peer, input) {
      guards.asHolder(peer);
      const lease = leaseOf(peer, input.slice);
      const sources = normalPrefixes(input.sources);
      const { protocol, internal } = input;
      const before = portsOf(lease).find(
        (port) =>
          port.protocol === protocol &&
          port.internal === internal &&
          (input.external === undefined || port.external === input.external),
      );
      const external = before?.external ?? input.external ?? (await choose(lease, protocol, internal));
      if (!before) {
        const range = node.policy.current.ports;
        if (!range || external < range.from || external > range.to)
          throw new Refused('PORT_OUT_OF_RANGE', { port: external, from: range?.from ?? 0, to: range?.to ?? 0 });
        const by = await network().holderOf(protocol, external);
        if (by) throw new Refused('PORT_TAKEN', { protocol, port: external, by });
      }
      // From here to `record` in one turn: nobody else takes the port in between.
      const owner = holder(protocol, external);
      if (owner && owner !== lease.jti)
        throw new Refused('PORT_TAKEN', { protocol, port: external, by: 'another sliver of this node' });
      if (!node.state.leases.has(lease.jti)) throw guards.noLease(input.slice);
      const others = portsOf(lease).filter((port) => port.protocol !== protocol || port.external !== external);
      if (others.length >= MAX_PORTS) throw new Refused('TOO_LARGE', { field: 'ports', max: MAX_PORTS });
      await enter(lease, [...others, { protocol, external, internal, sources }]);
      return { protocol, external, internal, sources };
    },

    async unpublish(peer, { slice, protocol, external }) {
      guards.asHolder(peer);
      const lease = leaseOf(peer, slice);
      const left = portsOf(lease).filter((port) => port.protocol !== protocol || port.external !== external);
      if (left.length < portsOf(lease).length) await enter(lease, left);
      else await ledger.settled(); // another call's may not be on the disk yet
      return view(lease);
    },

    // biome-ignore lint/suspicious/useAwait: a refusal must reject, not throw
    async ports(peer, { slice }) {
      guards.asHolder(peer);
      return view(leaseOf(peer, slice));
    },
  };
}
