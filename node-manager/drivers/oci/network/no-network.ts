import type { SliverNetwork } from './sliver-network';

/** Slivers with nothing but their loopback: for a host that cannot do better, and says why. */
export function noNetwork(missing: readonly string[]): SliverNetwork {
  const nothing = () => Promise.resolve();
  return {
    missing,
    files: () => [],
    attach: nothing,
    detach: nothing,
    forget: nothing,
    update: nothing,
    setPorts: nothing,
    holderOf: () => Promise.resolve(null),
    usage: () => Promise.resolve(new Map()),
    close: nothing,
  };
}
