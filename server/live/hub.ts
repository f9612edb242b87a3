import type { FleetNode } from '@/protocol/api/fleet';
import type { SliverRow } from '@/protocol/api/slice';
import { findSliverRows } from '@/server/data/sliver-rows';
import type { Db } from '@/server/db';
import type { Log } from '@/server/log';
import { fleetNodes } from '@/server/services/fleet/nodes';
import { type ReadSlice, readSlice } from '@/server/services/slices/view-slice';
import { Feed } from './feed';
import { Listener } from './listener';
import type { Notice } from './notice';

const SLICE_GATHER_MS = 80;
/** A fleet's heartbeats come all the time; nobody sees more than a few changes of a map in a second. */
const FLEET_GATHER_MS = 400;

export type SliceChange = { slice: ReadSlice | null; rows: SliverRow[] };

/** What a stream hears from the hub beside its feeds. */
export type HubStream = { notice(notice: Notice): void; missed(): void; end(): void };

/** All live streams of a web process over one LISTEN connection. What changed is read once, however many follow it. */
export class Hub {
  readonly fleet: Feed<FleetNode[]>;
  private readonly slices = new Map<string, { feed: Feed<SliceChange>; slivers: Map<string, Set<string>> }>();
  private readonly streams = new Set<HubStream>();
  private readonly listener: Listener;
  private starting: Promise<void> | null = null;
  private closed = false;

  constructor(
    readonly db: Db,
    url: string,
    private readonly log: Log,
  ) {
    this.fleet = new Feed(
      (ids) => fleetNodes(db, { ids }),
      FLEET_GATHER_MS,
      () => {},
      (err) => this.failed(err),
    );
    this.listener = new Listener(url, { notice: (notice) => this.heard(notice), missed: () => this.missed() }, log);
  }

  /** Resolves when changes are heard; a snapshot that is read afterwards misses nothing. */
  async listening(): Promise<void> {
    this.starting ??= this.listener.start();
    try {
      await this.starting;
    } catch (err) {
      this.starting = null;
      throw err;
    }
  }

  /** The one feed of a slice. */
  slice(id: string): Feed<SliceChange> {
    const known = this.slices.get(id);
    if (known) return known.feed;
    const slivers = new Map<string, Set<string>>();
    const feed = new Feed<SliceChange>(
      async (ids) => {
        const [slice, rows] = await Promise.all([
          readSlice(this.db, id),
          ids.length > 0 ? findSliverRows(this.db, id, { ids }) : [],
        ]);
        this.sawRows(id, rows);
        return { slice, rows };
      },
      SLICE_GATHER_MS,
      () => this.slices.delete(id),
      (err) => this.failed(err),
    );
    this.slices.set(id, { feed, slivers });
    return feed;
  }

  /** Remembers on which nodes a slice's slivers are: a node that falls silent shows on the slice's page, too. */
  sawRows(sliceId: string, rows: readonly SliverRow[]): void {
    const slivers = this.slices.get(sliceId)?.slivers;
    if (!slivers) return;
    for (const row of rows) slivers.set(row.node.id, (slivers.get(row.node.id) ?? new Set()).add(row.id));
  }

  /** Adds a stream; refused once the process is ending. Gives the way to take it off. */
  join(stream: HubStream): () => void {
    if (this.closed) stream.end();
    else this.streams.add(stream);
    return () => this.streams.delete(stream);
  }

  /** Ends every stream, for good: a server that waits for them would never end. */
  async close(): Promise<void> {
    this.closed = true;
    for (const stream of this.streams) stream.end();
    this.streams.clear();
    await this.listener.stop();
  }

  private heard(notice: Notice): void {
    if (notice.k === 'sliver') this.slices.get(notice.slice)?.feed.touch(notice.ids);
    if (notice.k === 'slice' || notice.k === 'request') this.slices.get(notice.slice)?.feed.touch();
    if (notice.k === 'node') {
      this.fleet.touch(notice.ids);
      for (const { feed, slivers } of this.slices.values()) {
        const touched = notice.ids.flatMap((id) => [...(slivers.get(id) ?? [])]);
        if (touched.length > 0) feed.touch(touched);
      }
    }
    for (const stream of this.streams) stream.notice(notice);
  }

  private missed(): void {
    for (const stream of this.streams) stream.missed();
  }

  private failed(err: unknown): void {
    this.log.warn({ err }, 'what changed could not be read; trying again');
  }
}
