// biome-ignore-all lint/suspicious/useAwait: a refusal must reject, not throw
import type { NodeManagerService } from '@/protocol/node-manager/router';
import type { NodeManager } from '../node';
import { type Guards, isDeployment } from './guards';

const MIB = 1_048_576;

/** What is used: the host for the whole deployment, slivers for who holds their leases. */
export function usageService(node: NodeManager, guards: Guards): Pick<NodeManagerService, 'usage'> {
  return {
    async usage(peer, { slice }) {
      if (peer.kind !== 'agent') guards.asHolder(peer);
      const { monitor } = node;
      const leases = [...node.state.leases.values()].filter(
        (lease) => lease.holder === peer.jkt && (slice === undefined || lease.slice === slice),
      );
      return {
        at: monitor.last && new Date(monitor.last.at).toISOString(),
        simulated: node.simulated,
        node: node.o.urn,
        jkt: node.o.key.jkt,
        host: isDeployment(peer) ? monitor.host() : null,
        slivers: leases.slice(0, 1000).flatMap((lease) => {
          const meter = monitor.meters.get(lease.jti);
          if (!meter) return [];
          const { cpuMs, bytesIn, bytesOut } = meter.total;
          return [
            {
              ...meter.use(lease.jti),
              slice: lease.slice,
              sliver: lease.sliver,
              cpuMsTotal: cpuMs,
              bytesInTotal: bytesIn,
              bytesOutTotal: bytesOut,
              memoryLimitBytes: lease.resources.memoryMiB * MIB,
              diskLimitBytes: lease.resources.diskMiB * MIB,
              pidsMax: lease.resources.pidsMax,
            },
          ];
        }),
      };
    },
  };
}
