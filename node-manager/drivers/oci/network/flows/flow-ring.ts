import { closeSync, createReadStream, mkdirSync, openSync, readdirSync, rmSync, statSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { crc32 } from 'node:zlib';
import { type Flow, type FlowOwner, type FlowQuery, matches } from './flow';

const SEGMENTS = 16;
const MIN_SEGMENT_BYTES = 4_096;

/** Time in which nobody watched: what happened then may be missing. Epoch ms, [from, to). */
export type Gap = { from: number; to: number };
export type FlowsFound = {
  /** Newest first. */
  flows: Flow[];
  truncated: boolean;
  gaps: Gap[];
  /** Nothing older is kept; null: nothing is kept at all. */
  since: number | null;
};

/** What a line holds, after its checksum. */
type Entry =
  | ['o', number, string, string, string] // an owner: number in this segment, lease id, slice, user
  | ['n', number, string, string, 0 | 1, string, number, string, number, string, number, number] // a new flow
  | ['e', number, string] // its end
  | ['m', number] // a mark: watching
  | ['g', number, number]; // a gap

/**
 * Flows on disk, bounded in size and age: segments of lines, each with its CRC-32, the oldest removed first. A segment says of
 * itself whose the flows in it are, so that it can be read when nothing else is left of them. A line that is torn or altered is left out.
 */
export class FlowRing {
  private fd: number | null = null;
  private bytes = 0;
  private number = 0;
  private readonly owners = new Map<string, number>();

  constructor(
    private readonly folder: string,
    private readonly limits: { bytes: number; ageMs: number },
  ) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.number = Math.max(-1, ...this.segments().map((s) => s.number)) + 1;
  }

  began(flow: Flow): void {
    const { inside, outside, peer } = flow;
    this.write(
      flow.at,
      (owner) => [
        'n',
        flow.at,
        flow.id,
        flow.protocol,
        flow.direction === 'out' ? 0 : 1,
        inside.address,
        inside.port,
        outside.address,
        outside.port,
        peer.address,
        peer.port,
        owner,
      ],
      flow.owner,
    );
  }

  ended(id: string, at: number): void {
    this.write(at, () => ['e', at, id]);
  }

  mark(at: number): void {
    this.write(at, () => ['m', at]);
  }

  gap(from: number, to: number): void {
    this.write(to, () => ['g', from, to]);
  }

  close(): void {
    if (this.fd !== null) closeSync(this.fd);
    this.fd = null;
  }

  /** Every flow that is open as far as the ring knows, and the last time that anything was written. */
  async open(): Promise<{ ids: Set<string>; last: number | null }> {
    const ids = new Set<string>();
    let last: number | null = null;
    await this.read((entry) => {
      if (entry[0] === 'n') ids.add(entry[2]);
      else if (entry[0] === 'e') ids.delete(entry[2]);
      if (entry[0] !== 'o') last = Math.max(last ?? 0, entry[0] === 'g' ? entry[2] : entry[1]);
    });
    return { ids, last };
  }

  /** The flows that are meant, the newest `limit` of them. Reads the whole ring: its bound is the bound of this. */
  async find(query: FlowQuery, limit: number): Promise<FlowsFound> {
    const found = new Map<string, Flow>();
    const over: Flow[] = [];
    const gaps: Gap[] = [];
    let since: number | null = null;
    let truncated = false;
    // Conntrack uses an id again when its flow is long over.
    const settle = (flow: Flow) => {
      if ((flow.endedAt ?? Number.POSITIVE_INFINITY) >= query.from) over.push(flow);
      if (over.length > limit) {
        over.shift();
        truncated = true;
      }
    };
    await this.read((entry, owners) => {
      if (entry[0] === 'o') return;
      since ??= entry[1];
      if (entry[0] === 'n') {
        const before = found.get(entry[2]);
        if (before) settle(before);
        found.delete(entry[2]);
        const flow = flowIn(entry, owners);
        if (flow && matches(flow, query)) found.set(flow.id, flow);
      } else if (entry[0] === 'e') {
        const flow = found.get(entry[2]);
        if (!flow) return;
        found.delete(entry[2]);
        settle({ ...flow, endedAt: entry[1] });
      } else if (entry[0] === 'g' && entry[1] <= query.to && entry[2] > query.from)
        gaps.push({ from: entry[1], to: entry[2] });
    });
    for (const flow of found.values()) settle(flow);
    over.sort((a, b) => b.at - a.at);
    return { flows: over, truncated, gaps: gaps.slice(-20), since };
  }

  private write(at: number, make: (owner: number) => Entry, owner?: FlowOwner): void {
    if (this.fd === null || this.bytes > Math.max(MIN_SEGMENT_BYTES, this.limits.bytes / SEGMENTS)) this.turn(at);
    let index = -1;
    if (owner) {
      const known = this.owners.get(owner.id);
      index = known ?? this.owners.size;
      if (known === undefined) {
        this.owners.set(owner.id, index);
        this.put(['o', index, owner.id, owner.slice, owner.user]);
      }
    }
    this.put(make(index));
  }

  private put(entry: Entry): void {
    if (this.fd === null) throw new Error('the ring is closed');
    const body = JSON.stringify(entry);
    const line = Buffer.from(`${crc32(body).toString(16).padStart(8, '0')} ${body}\n`);
    writeSync(this.fd, line);
    this.bytes += line.length;
  }

  /** Begins the next segment and removes what is beyond the bounds. */
  private turn(at: number): void {
    this.close();
    this.fd = openSync(`${this.folder}/${String(this.number).padStart(10, '0')}.log`, 'a', 0o600);
    this.number += 1;
    this.bytes = 0;
    this.owners.clear();
    const segments = this.segments();
    let total = segments.reduce((sum, segment) => sum + segment.bytes, 0);
    for (const segment of segments.slice(0, -1)) {
      if (total <= this.limits.bytes * (1 - 1 / SEGMENTS) && segment.changedAt > at - this.limits.ageMs) break;
      rmSync(segment.path, { force: true });
      total -= segment.bytes;
    }
  }

  private segments(): { path: string; number: number; bytes: number; changedAt: number }[] {
    return readdirSync(this.folder)
      .filter((name) => /^\d{10}\.log$/.test(name))
      .sort()
      .flatMap((name) => {
        const path = `${this.folder}/${name}`;
        const stat = statSync(path, { throwIfNoEntry: false });
        return stat ? [{ path, number: Number(name.slice(0, 10)), bytes: stat.size, changedAt: stat.mtimeMs }] : [];
      });
  }

  private async read(take: (entry: Entry, owners: ReadonlyMap<number, FlowOwner>) => void): Promise<void> {
    for (const { path } of this.segments()) {
      const owners = new Map<number, FlowOwner>();
      const lines = createInterface({
        input: createReadStream(path).on('error', () => {}),
        crlfDelay: Number.POSITIVE_INFINITY,
      });
      for await (const line of lines) {
        const body = line.slice(9);
        if (Number.parseInt(line.slice(0, 8), 16) !== crc32(body)) continue;
        const entry = JSON.parse(body) as Entry; // ours: its checksum held
        if (entry[0] === 'o') owners.set(entry[1], { id: entry[2], slice: entry[3], user: entry[4] });
        take(entry, owners);
      }
    }
  }
}

function flowIn(entry: Extract<Entry, ['n', ...unknown[]]>, owners: ReadonlyMap<number, FlowOwner>): Flow | null {
  const [, at, id, protocol, inward, inAddress, inPort, outAddress, outPort, peerAddress, peerPort, index] = entry;
  const owner = owners.get(index);
  if (!owner) return null; // its line was damaged
  return {
    id,
    at,
    endedAt: null,
    protocol,
    direction: inward ? 'in' : 'out',
    inside: { address: inAddress, port: inPort },
    outside: { address: outAddress, port: outPort },
    peer: { address: peerAddress, port: peerPort },
    owner,
  };
}
