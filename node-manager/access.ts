import { Refused } from '@/core/errors';
import type { AccessView } from '@/protocol/node-manager/access';
import type { LeaseRecord } from './lease/node-state';
import type { NodeManager } from './node';
import type { SliverRecord } from './sliver/record';
import type { PortRange } from './ssh/ports';
import { SshAccess } from './ssh/ssh-access';
import { SshStore } from './ssh/store';
import { Terminals } from './terminal/terminals';

export type AccessOptions = {
  /** Where ports and host keys are kept. */
  folder: string;
  /** Null: no ssh. */
  ports: PortRange | null;
  listen: string;
  /** The address that people dial; null where nobody can. */
  host: string | null;
};

/** How people get into the slivers of a node. Null where nothing real runs. */
export class Access {
  readonly ssh: SshAccess;
  readonly terminals: Terminals;

  private constructor(
    private readonly node: NodeManager,
    entrance: NonNullable<NodeManager['o']['driver']['entrance']>,
    options: AccessOptions,
  ) {
    const { urn, log } = node.o;
    const keys = (slice: string) => node.state.keys.get(slice) ?? [];
    const store = new SshStore(options.folder);
    this.ssh = new SshAccess({ node: urn, entrance, store, keys, log, ...options });
    this.terminals = new Terminals(entrance, log);
  }

  static of(node: NodeManager, options: AccessOptions | undefined): Access | null {
    const { entrance } = node.o.driver;
    return entrance && options ? new Access(node, entrance, options) : null;
  }

  /** A sliver's state is another one now. */
  changed({ state, lease }: SliverRecord): void {
    if (state === 'running') {
      this.ssh.open(lease).catch((err: unknown) => this.node.o.log.warn({ err, sliver: lease.jti }, 'no ssh'));
      return;
    }
    this.terminals.endOf(lease.jti);
    this.ssh.shut(lease.jti, !this.node.state.leases.has(lease.jti));
  }

  view(lease: LeaseRecord): AccessView {
    return { ...this.ssh.view(lease), noTerminal: null };
  }

  /** Before the first sliver is looked at. */
  begin(): void {
    this.ssh.forgetAllBut(new Set(this.node.state.leases.keys()));
  }

  close(): void {
    this.terminals.close();
    this.ssh.close();
  }
}

/** What a node says on which nobody can get in. */
export function noWayIn(simulated: boolean, way: 'ssh' | 'terminal'): Refused {
  const problem = simulated ? 'it is simulated, and nothing real runs there' : 'the node offers none';
  return new Refused('NO_WAY_IN', { way, problem });
}
