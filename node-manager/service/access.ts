// biome-ignore-all lint/suspicious/useAwait: a refusal must reject, not throw
import { Refused } from '@/core/errors';
import { TERMINAL_READ_BYTES } from '@/protocol/node-manager/access';
import type { NodeManagerService } from '@/protocol/node-manager/router';
import { noWayIn } from '../access';
import type { NodeManager } from '../node';
import type { Guards } from './guards';
import { boundsOf } from './holder-bounds';

/** Getting in: how it is done, and terminals. */
export function accessService(
  node: NodeManager,
  { asHolder, recordOf, runningOf }: Guards,
): Pick<NodeManagerService, 'access' | 'terminalOpen' | 'terminalRead' | 'terminalWrite' | 'terminalClose'> {
  const terminals = () => {
    if (node.access) return node.access.terminals;
    throw noWayIn(node.simulated, 'terminal');
  };
  return {
    async access(peer, { slice }) {
      asHolder(peer);
      const { lease } = recordOf(peer, slice);
      if (node.access) return node.access.view(lease);
      const [noSsh, noTerminal] = (['ssh', 'terminal'] as const).map((way) => noWayIn(node.simulated, way).reason);
      return { ssh: null, noSsh: noSsh ?? null, noTerminal: noTerminal ?? null };
    },

    async terminalOpen(peer, { slice, cols, rows, who }) {
      asHolder(peer);
      const { lease } = runningOf(peer, slice);
      if (terminals().countOf(peer.jkt) >= boundsOf(peer).terminals)
        throw new Refused('RATE_LIMITED', { retryAfterSeconds: 60 });
      const { id } = await terminals().open(lease, peer.jkt, who, { cols, rows });
      return { id };
    },

    async terminalRead(peer, { id, from, waitMs }, signal) {
      asHolder(peer);
      const read = await terminals().of(id, peer.jkt).read(from, TERMINAL_READ_BYTES, waitMs, signal);
      if (!read) throw new Refused('INVALID_INPUT', { field: 'from', problem: 'what lies there is forgotten' });
      return { data: read.data.toString('base64'), over: read.over };
    },

    async terminalWrite(peer, { id, at, data, size }) {
      asHolder(peer);
      const terminal = terminals().of(id, peer.jkt);
      if (size) terminal.resize(size);
      if (!terminal.type(at, Buffer.from(data, 'base64'))) throw new Refused('RATE_LIMITED', { retryAfterSeconds: 1 });
      return { taken: terminal.taken };
    },

    async terminalClose(peer, { id }) {
      asHolder(peer);
      const terminal = terminals().of(id, peer.jkt);
      const closed = terminal.over === null;
      terminal.end('closed');
      return { closed };
    },
  };
}
