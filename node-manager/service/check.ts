// biome-ignore-all lint/suspicious/useAwait: a refusal must reject, not throw
import type { NodeManagerService } from '@/protocol/node-manager/router';
import { checkWish } from '../lease/check';
import type { NodeManager } from '../node';
import type { Guards } from './guards';

/** The dry run of a redemption: for the deployment alone, for it tells how full the node is. */
export function checkService(node: NodeManager, { asDeployment }: Guards): Pick<NodeManagerService, 'check'> {
  return {
    async check(peer, input) {
      asDeployment(peer);
      const holder = peer.kind === 'agent' ? (node.link.enrolled?.serviceManager.jkt ?? '') : peer.jkt;
      return checkWish(node.self, node.books, node.offer, input, holder, node.o.ledger.now());
    },
  };
}
