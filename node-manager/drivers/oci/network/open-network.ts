import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import type { Logger } from '../../../log';
import { BridgeNetwork } from './bridge-network';
import { Forwarding } from './forwarding';
import { noNetwork } from './no-network';
import type { SliverNetwork } from './sliver-network';

const TOOLS = [
  { program: 'ip', package: 'iproute2' },
  { program: 'tc', package: 'iproute2' },
  { program: 'nft', package: 'nftables' },
  { program: 'conntrack', package: 'conntrack' },
  { program: 'nsenter', package: 'util-linux' },
  { program: 'setpriv', package: 'util-linux' },
];

/** What the node's settings say of its slivers' network. */
export type NetworkChoices = Pick<NetworkSettings, 'capacityKbps' | 'nameservers' | 'flows'>;
export const DEFAULT_NETWORK: NetworkChoices = {
  capacityKbps: 100_000,
  nameservers: [],
  flows: { bytes: 64 * 1_048_576, ageMs: 30 * 86_400_000 },
};

export type NetworkSettings = {
  data: string;
  /** The node's own folder in /run, whose name is its tag. */
  runtime: string;
  capacityKbps: number;
  nameservers: readonly string[];
  /** Flow records: how much of them is kept. */
  flows: { bytes: number; ageMs: number };
  log: Logger;
};

/** The network that this host can give slivers: bridged, or none, with what is missing for it. The last word has the attempt. */
export async function openNetwork(s: NetworkSettings, which: (tool: string) => string | null): Promise<SliverNetwork> {
  const missing = TOOLS.filter(({ program }) => !which(program)).map(
    (tool) => `the program ${tool.program} (package ${tool.package})`,
  );
  if (missing.length > 0) return refused(s.log, missing);
  const tag = s.runtime.split('/').at(-1) ?? '';
  // Names of interfaces are of a network namespace; /run may be of several.
  const space = readlinkSync('/proc/self/ns/net').replace(/\D/g, '');
  const network = new BridgeNetwork({
    ...s,
    tag,
    hostFolder: `/run/meridian/networks-${space}`,
    ipv6:
      existsSync('/proc/net/if_inet6') &&
      text('/proc/sys/net/ipv6/conf/all/disable_ipv6') === '0' &&
      Forwarding.ipv6Able(),
  });
  try {
    await network.open();
    return network;
  } catch (err) {
    await network.close().catch(() => {});
    const said = err instanceof Error ? err.message : String(err);
    return refused(s.log, [`a bridge with NAT and queues (the attempt said: ${said.slice(0, 200)})`]);
  }
}

function refused(log: Logger, missing: string[]): SliverNetwork {
  log.warn({ missing }, 'this host cannot connect slivers: they have no network');
  return noNetwork(missing);
}

function text(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}
