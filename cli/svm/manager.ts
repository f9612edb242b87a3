import { Refused } from '@/core/errors';
import type { OwnSlice } from '@/protocol/agent/principals';
import type { Advertisement } from '@/protocol/agent/schemas';
import type { TlsIdentity } from '@/protocol/pki/identity';
import { inBatches } from '@/protocol/statement/batches';
import { type AgentClient, agentClient, closeClients, nodeManagerClient, orRefused } from '@/protocol/transport/client';
import { refusedFrom } from '@/protocol/trpc';
import { lockFolder, openFolder } from './folder';
import { identityOf, type Manager, managerOf } from './identity';
import { type AgentDial, type Place, Store } from './state';

/** Nodes that are called at once. */
const IN_FLIGHT = 16;

/** What came of one node: `Success`, or why not. */
export type Outcome = {
  node: string;
  ok: boolean;
  detail?: string | undefined;
  reason?: Refused['reason'] | undefined;
};

/** A person's own service manager: a key, what it holds, and whom it calls. */
export class ServiceManager {
  private constructor(
    readonly store: Store,
    readonly manager: Manager,
    private readonly identity: TlsIdentity,
    readonly signal: AbortSignal,
    private readonly unlock: () => void,
  ) {}

  /** Opens a folder for one command, which ends within `waitMs`. @throws Refused CONFLICT, CONFIG_INVALID, WRONG_STATE, REVOKED */
  static async open(folder: string, waitMs: number): Promise<ServiceManager> {
    openFolder(folder);
    const manager = managerOf(folder);
    const unlock = lockFolder(folder);
    try {
      const identity = await identityOf(folder, new Date());
      return new ServiceManager(Store.open(folder), manager, identity, AbortSignal.timeout(waitMs), unlock);
    } catch (err) {
      unlock();
      throw err;
    }
  }

  async close(): Promise<void> {
    await closeClients(this.identity);
    this.unlock();
  }

  get jkt(): string {
    return this.identity.jkt;
  }

  get agents(): AgentDial[] {
    return this.manager.agents;
  }

  agent(dial: AgentDial): AgentClient {
    return agentClient({ address: dial.address, urn: dial.urn, jkt: dial.jkt }, this.identity);
  }

  node({ node, dial }: Pick<Place, 'node' | 'dial'>) {
    return nodeManagerClient({ address: dial.address, urn: node, jkt: dial.jkt }, this.identity);
  }

  /** The first agent that answers. @throws Refused AGENT_UNREACHABLE, or what one refuses */
  async anyAgent<T>(call: (client: AgentClient) => Promise<T>): Promise<T> {
    let problem: unknown = null;
    for (const dial of this.agents)
      try {
        return await orRefused(call(this.agent(dial)));
      } catch (err) {
        if (!(err instanceof Refused) || err.code !== 'AGENT_UNREACHABLE') throw err;
        problem = err;
      }
    throw problem;
  }

  /** The slices that are one's own to run. */
  async slices(): Promise<OwnSlice[]> {
    return (await this.anyAgent((client) => client.ownSlices.query(undefined, { signal: this.signal }))).slices;
  }

  /** @throws Refused NOT_FOUND */
  async slice(name: string): Promise<OwnSlice> {
    const found = (await this.slices()).find((one) => one.name === name || one.urn === name);
    if (!found) throw new Refused('NOT_FOUND', { kind: 'slice', id: name });
    return found;
  }

  /** What each agent offers now. One that does not answer offers nothing. */
  async advertisements(includeUnusable = false): Promise<{ agent: AgentDial; ads: Advertisement[] }[]> {
    const all = await inBatches(this.agents, async (agent) => {
      try {
        const answer = await orRefused(
          this.agent(agent).advertisements.query({ includeUnusable }, { signal: this.signal }),
        );
        return { agent, ads: answer.advertisements, problem: null };
      } catch (err) {
        return { agent, ads: [], problem: err };
      }
    });
    if (all.every((one) => one.problem)) throw all[0]?.problem;
    return all;
  }

  /** Does something on each place, beside each other; what one refuses holds up no other. What changed is kept at once. */
  async each(places: readonly Place[], act: (place: Place) => Promise<string | undefined>): Promise<Outcome[]> {
    return await inBatches(
      places,
      async (place): Promise<Outcome> => {
        try {
          if (this.signal.aborted)
            throw new Refused('NODE_UNREACHABLE', { node: place.node, cause: 'the time was over' });
          const detail = await act(place);
          this.store.save();
          return { node: place.node, ok: true, detail };
        } catch (err) {
          const refused = refusedFrom(err);
          if (refused) return { node: place.node, ok: false, reason: refused.reason };
          const cause = this.signal.aborted ? 'the time was over' : String(err instanceof Error ? err.message : err);
          return {
            node: place.node,
            ok: false,
            reason: { code: 'NODE_UNREACHABLE', facts: { node: place.node, cause } },
          };
        }
      },
      IN_FLIGHT,
    );
  }
}
