import { Refused } from '@/core/errors';
import { nodeManagerRouter } from '@/protocol/node-manager/router';
import { tlsName } from '@/protocol/pki/names';
import { serveTransport, type TransportServer } from '@/protocol/transport/server';
import type { Logger } from './log';
import type { NodeManager } from './node';
import { nodeService } from './service/service';

/** Answers for one node or for many behind one TLS port: the name that is dialled says which is meant. */
export function serveNodes(
  nodes: () => Iterable<NodeManager>,
  listen: { host: string; port: number },
  log: Logger,
): Promise<TransportServer> {
  const byName = new Map<string, { node: NodeManager; service: ReturnType<typeof nodeService> }>();
  const find = (servername: string) => {
    const known = byName.get(servername);
    if (known) return known;
    for (const node of nodes()) {
      const name = tlsName(node.o.urn);
      if (!byName.has(name)) byName.set(name, { node, service: nodeService(node) });
    }
    return byName.get(servername);
  };
  return serveTransport(
    {
      router: nodeManagerRouter,
      identity: (servername) => {
        const node = find(servername)?.node;
        return node && isAlive(node) ? node.link.tlsIdentity : null;
      },
      isRevoked: () => false, // each node has a word of its own on that: below
      context: ({ peer, servername }) => {
        const served = find(servername);
        if (!served) throw new Refused('NOT_FOUND', { kind: 'node', id: servername });
        const { node, service } = served;
        if (!isAlive(node))
          throw new Refused('NODE_UNREACHABLE', { node: node.o.urn, cause: 'it is simulated as down' });
        if (node.isRevoked(peer.jkt)) throw new Refused('REVOKED', { kind: 'key', id: peer.jkt });
        return { peer, service };
      },
      onError: (error, { path, peer }) =>
        log.error({ err: error.cause ?? error, path, peer: peer?.urn }, 'a call failed'),
    },
    listen,
  );
}

function isAlive(node: NodeManager): boolean {
  return node.o.alive?.() ?? true;
}

/** "host:port", also "[::1]:port". */
export function hostAndPort(text: string): { host: string; port: number } {
  const m = /^(?:\[([0-9a-fA-F:]+)\]|([^:\s]+)):(\d{1,5})$/.exec(text);
  const host = m?.[1] ?? m?.[2];
  const port = Number(m?.[3]);
  if (!host || port > 65_535)
    throw new Refused('INVALID_INPUT', { field: 'address', problem: `${text} is not host:port` });
  return { host, port };
}
