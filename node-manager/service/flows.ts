import { Refused } from '@/core/errors';
import { MAX_FLOWS } from '@/protocol/node-manager/flows';
import type { NodeManagerService } from '@/protocol/node-manager/router';
import type { NodeManager } from '../node';
import type { Guards } from './guards';

const iso = (ms: number) => new Date(ms).toISOString();

/** Who sent this? Of all slices, also those that are gone: who may ask is the deployment's to decide and to write down. */
export function flowsService(node: NodeManager, guards: Guards): Pick<NodeManagerService, 'flows'> {
  return {
    async flows(peer, { at, toleranceSeconds, protocol, sourcePort, destination, destinationPort, slice }) {
      guards.asServiceManager(peer);
      const log = node.o.driver.network?.flows;
      if (!log)
        throw new Refused('NO_NETWORK', {
          missing: [...(node.o.driver.network?.missing ?? ['real slivers: its own are simulated'])],
        });
      const middle = Date.parse(at);
      const about = { protocol, outsidePort: sourcePort, peer: destination, peerPort: destinationPort, slice };
      const ask = (toleranceMs: number) =>
        log.find({ ...about, from: middle - toleranceMs, to: middle + toleranceMs }, MAX_FLOWS);
      // What lived at that very time is the answer; what lived around it only where nothing did.
      const exact = await ask(0);
      const found = exact.flows.length > 0 || toleranceSeconds === 0 ? exact : await ask(toleranceSeconds * 1000);
      return {
        flows: found.flows.map((flow) => ({
          begun: iso(flow.at),
          ended: flow.endedAt === null ? null : iso(flow.endedAt),
          protocol: flow.protocol,
          direction: flow.direction,
          inside: flow.inside,
          outside: flow.outside,
          peer: flow.peer,
          slice: flow.owner.slice,
          user: flow.owner.user,
          lease: flow.owner.id,
        })),
        truncated: found.truncated,
        gaps: found.gaps.map(({ from, to }) => ({ from: iso(from), to: iso(to) })),
        since: found.since === null ? null : iso(found.since),
      };
    },
  };
}
