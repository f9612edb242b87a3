import { readFileSync } from 'node:fs';
import { Refused } from '@/core/errors';
import { decodeEnrolmentToken } from '@/protocol/pki/enrolment-token';
import type { IdentityKey } from '@/protocol/statement/keys';
import { SIMULATED_CAPACITY } from '../capacity';
import { SimulatedDriver } from '../drivers/simulated';
import { HEARTBEAT_MS } from '../enrolment/agent-link';
import { Ledger } from '../ledger';
import type { Logger } from '../log';
import { NodeManager } from '../node';
import { FleetEnrolments, FleetKeys } from './fleet-store';
import { type ManifestLine, readManifest } from './manifest';

/** How many nodes enrol at once. */
const ENROL_IN_FLIGHT = 24;
/** First heartbeats are this far apart, in ms, but all within one interval. */
const FIRST_APART_MS = 8;

export type FleetOptions = {
  data: string;
  manifest: string;
  address: string;
  heartbeatMs: number;
  log: Logger;
  fatal: (error: unknown) => void;
};

/** Many node managers in one process: the same code, one key each, one journal file for all. */
export class SimulatedFleet {
  readonly nodes = new Map<string, NodeManager>();
  private readonly lines = new Map<string, ManifestLine>();
  private enrolling: Promise<void> = Promise.resolve();
  private stopping = false;
  /** What one node says of itself matters for one node; of a thousand only what is wrong with the program does. */
  private readonly nodeLog: Logger;

  private constructor(
    private readonly o: FleetOptions,
    private readonly ledger: Ledger,
    private readonly keys: FleetKeys,
    private readonly enrolments: FleetEnrolments,
  ) {
    this.nodeLog = o.log.isLevelEnabled('debug') ? o.log : o.log.child({}, { level: 'error' });
  }

  /** Opens journal, keys and enrolments, and takes in the manifest. Enrolled nodes answer and heartbeat from here on. */
  static async open(o: FleetOptions): Promise<SimulatedFleet> {
    const lines = readManifest(readFileSync(o.manifest, 'utf8')); // before anything is made
    const ledger = await Ledger.open(`${o.data}/journal`, o.log, o.fatal);
    const fleet = new SimulatedFleet(
      o,
      ledger,
      new FleetKeys(`${o.data}/keys.jsonl`),
      new FleetEnrolments(`${o.data}/enrolments.jsonl`),
    );
    await fleet.take(lines);
    return fleet;
  }

  /** Reads the manifest again: behaviours change at once, new nodes come up, nodes no longer listed play dead. */
  async reload(): Promise<void> {
    await this.take(readManifest(readFileSync(this.o.manifest, 'utf8')));
    this.o.log.info(this.facts(), 'read the manifest again');
  }

  /** Resolves when every node that has a token is enrolled, or was refused. */
  enrolled(): Promise<void> {
    return this.enrolling;
  }

  facts() {
    const count: Record<string, number> = {
      nodes: this.lines.size,
      enrolled: 0,
      normal: 0,
      slow: 0,
      down: 0,
      failing: 0,
    };
    for (const line of this.lines.values()) {
      count[line.behaviour] = (count[line.behaviour] ?? 0) + 1;
      if (this.enrolments.get(line.node)) count.enrolled = (count.enrolled ?? 0) + 1;
    }
    return count;
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all([...this.nodes.values()].map((node) => node.stop(true)));
    await this.enrolling;
    await this.ledger.close();
  }

  private async take(lines: readonly ManifestLine[]): Promise<void> {
    this.lines.clear();
    for (const line of lines) this.lines.set(line.node, line);
    const fresh = lines.filter((line) => !this.nodes.has(line.node));
    const keys = this.keys.ensure(fresh.map((line) => line.node));
    const made = fresh.map((line, i) => this.make(line, keys, Math.min(i * FIRST_APART_MS, this.o.heartbeatMs)));
    await Promise.all(made.map((node) => node.beBorn()));
    for (const node of made) this.nodes.set(node.o.urn, node);
    await Promise.all(made.filter((node) => node.link.enrolled).map((node) => node.begin()));
    this.enrolling = Promise.all([this.enrolling, this.enrolAll(made.filter((node) => !node.link.enrolled))]).then(
      () => {},
    );
  }

  private make(line: ManifestLine, keys: ReadonlyMap<string, IdentityKey>, firstHeartbeatMs: number): NodeManager {
    const key = keys.get(line.node);
    if (!key) throw new Error(`no key for ${line.node}`);
    const settings = () => this.lines.get(line.node) ?? { ...line, behaviour: 'down' as const };
    return new NodeManager({
      urn: line.node,
      key,
      address: this.o.address,
      capacity: line.capacity ?? SIMULATED_CAPACITY,
      driver: new SimulatedDriver(settings),
      drivers: [
        { name: 'oci', able: false, missing: ['this node is simulated'] },
        { name: 'simulated', able: true, missing: [] },
      ],
      ledger: this.ledger,
      enrolments: this.enrolments,
      token: line.token ? decodeEnrolmentToken(line.token) : null,
      log: this.nodeLog,
      alive: () => settings().behaviour !== 'down',
      firstHeartbeatMs,
      heartbeatMs: this.o.heartbeatMs || HEARTBEAT_MS,
    });
  }

  /** One bad token must not hold up the fleet: it is said, and the rest goes on. */
  private async enrolAll(nodes: readonly NodeManager[]): Promise<void> {
    const queue = [...nodes];
    const lane = async () => {
      for (let node = queue.shift(); node && !this.stopping; node = queue.shift()) {
        try {
          await node.link.ensureEnrolled();
          await node.begin();
        } catch (err) {
          if (this.stopping) return;
          this.o.log.error(
            err instanceof Refused ? { node: node.o.urn, reason: err.reason } : { node: node.o.urn, err },
            'a simulated node could not enrol',
          );
        }
      }
    };
    await Promise.all(Array.from({ length: ENROL_IN_FLIGHT }, lane));
  }
}
