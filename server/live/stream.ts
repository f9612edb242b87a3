import { isDeepStrictEqual } from 'node:util';
import { type Reason, Refused } from '@/core/errors';
import type { FleetNode } from '@/protocol/api/fleet';
import type { LiveEvent, Topic } from '@/protocol/api/live';
import type { SliverRow } from '@/protocol/api/slice';
import { findPerson } from '@/server/data/people';
import { findSliceFacts } from '@/server/data/slice-facts';
import { findSliverRows } from '@/server/data/sliver-rows';
import { fleetNodes } from '@/server/services/fleet/nodes';
import { may, type Person } from '@/server/services/policy';
import { asSeenBy, type ReadSlice, readSlice } from '@/server/services/slices/view-slice';
import type { Hub } from './hub';
import type { Notice } from './notice';

/** Between two looks at what is pending: a browser cannot show more, and changes merge meanwhile. */
const BREATH_MS = 40;
/** Changed rows that may wait for a slow browser; beyond it a new snapshot is shorter. */
const MOST_PENDING = 2_000;
/** How often it is asked again whether the person still may. */
const RECHECK_MS = 60_000;

type SliceTopic = {
  kind: 'slice';
  topic: Topic;
  name: string;
  id: string;
  stale: boolean;
  since: number;
  view: ReadSlice | null;
  rows: Map<string, SliverRow>;
  leave: () => void;
};
type FleetTopic = {
  kind: 'fleet';
  topic: Topic;
  stale: boolean;
  since: number;
  nodes: Map<string, FleetNode>;
  leave: () => void;
};
type PlainTopic = { kind: 'plain'; topic: Topic; changed: boolean; leave: () => void };
type Followed = SliceTopic | FleetTopic | PlainTopic;

/**
 * What one browser hears: for each topic a snapshot, then changes. It follows first and reads the snapshot then, so nothing
 * falls between; what was read before the snapshot is dropped, so nothing goes back. Changes that a slow browser did not
 * take yet are merged, never queued. Ends when the signal aborts, the process ends, or `again` finds nobody any more: the
 * session ended or the account is closed. It is asked at each notice about the person, and once a minute.
 */
export async function* liveStream(
  hub: Hub,
  who: Person,
  topics: readonly Topic[],
  signal: AbortSignal | undefined,
  again: () => Promise<Person | null> = () => findPerson(hub.db, who.id),
): AsyncGenerator<LiveEvent> {
  let person = who;
  let ended = signal?.aborted ?? false;
  let wake: () => void = () => {};
  let recheck = performance.now() + RECHECK_MS;
  const followed: Followed[] = [];
  const end = () => {
    ended = true;
    wake();
  };
  signal?.addEventListener('abort', end);
  const leave = hub.join({
    end,
    missed: () => {
      for (const one of followed) markStale(one);
      wake();
    },
    notice: (notice) => {
      if (notice.k === 'user' && notice.id === person.id) recheck = 0;
      for (const one of followed) if (one.kind === 'plain' && concerns(notice, one.topic, person)) one.changed = true;
      wake();
    },
  });
  try {
    await hub.listening();
    for (const topic of new Set(topics)) {
      const opened = await open(hub, person, topic, () => wake());
      if ('code' in opened) yield denied(topic, opened);
      else followed.push(opened);
    }
    while (!ended) {
      if (performance.now() >= recheck) {
        recheck = performance.now() + RECHECK_MS;
        const now = await again();
        if (!now) return;
        if (!isDeepStrictEqual(now, person)) for (const one of followed) markStale(one);
        person = now;
      }
      for (const one of [...followed]) {
        for await (const event of pending(hub, person, one)) {
          if (event.t === 'denied') {
            one.leave();
            followed.splice(followed.indexOf(one), 1);
          }
          yield event;
          if (ended) return;
        }
      }
      const idle = new Promise<void>((done) => {
        wake = done;
      });
      if (ended || followed.some(hasNews) || performance.now() >= recheck) wake();
      let timer: NodeJS.Timeout | undefined;
      await Promise.race([
        idle,
        new Promise<void>((done) => (timer = setTimeout(done, Math.max(0, recheck - performance.now())))),
      ]);
      clearTimeout(timer);
      if (!ended) await new Promise((done) => setTimeout(done, BREATH_MS));
    }
  } finally {
    signal?.removeEventListener('abort', end);
    leave();
    for (const one of followed) one.leave();
  }
}

async function open(hub: Hub, person: Person, topic: Topic, wake: () => void): Promise<Followed | Reason> {
  if (topic === 'fleet') {
    if (!may(person, 'fleet.read', null)) return new Refused('NOT_ALLOWED', { permission: 'fleet.read' }).reason;
    const one: FleetTopic = { kind: 'fleet', topic, stale: true, since: 0, nodes: new Map(), leave: () => {} };
    one.leave = hub.fleet.follow(({ began, read }) => {
      if (began < one.since || one.stale) return;
      for (const node of read) one.nodes.set(node.id, node);
      if (one.nodes.size > MOST_PENDING) markStale(one);
      wake();
    });
    return one;
  }
  if (!topic.startsWith('slice:')) {
    if (topic === 'approvals' && !may(person, 'approvals.read', null))
      return new Refused('NOT_ALLOWED', { permission: 'approvals.read' }).reason;
    return { kind: 'plain', topic, changed: true, leave: () => {} };
  }
  const name = topic.slice('slice:'.length);
  const facts = await findSliceFacts(hub.db, name);
  if (!facts || !may(person, 'slice.read', facts)) return new Refused('NOT_FOUND', { kind: 'slice', id: name }).reason;
  const one: SliceTopic = {
    kind: 'slice',
    topic,
    name,
    id: facts.id,
    stale: true,
    since: 0,
    view: null,
    rows: new Map(),
    leave: () => {},
  };
  one.leave = hub.slice(facts.id).follow(({ began, read }) => {
    if (began < one.since || one.stale) return;
    if (!read.slice) markStale(one);
    else one.view = read.slice;
    for (const row of read.rows) one.rows.set(row.id, row);
    if (one.rows.size > MOST_PENDING) markStale(one);
    wake();
  });
  return one;
}

async function* pending(hub: Hub, person: Person, one: Followed): AsyncGenerator<LiveEvent> {
  if (one.kind === 'plain') {
    if (!one.changed) return;
    one.changed = false;
    yield { t: 'changed', topic: one.topic };
  } else if (one.kind === 'fleet') {
    const snapshot = beginSnapshot(one);
    if (!snapshot && one.nodes.size === 0) return;
    const nodes = snapshot ? await fleetNodes(hub.db) : [...one.nodes.values()];
    if (!snapshot) one.nodes.clear();
    yield { t: 'fleet', snapshot, nodes };
  } else {
    const snapshot = beginSnapshot(one);
    if (!snapshot && !one.view) return;
    const [slice, slivers] = snapshot
      ? await Promise.all([readSlice(hub.db, one.id), findSliverRows(hub.db, one.id)])
      : [one.view, [...one.rows.values()]];
    if (snapshot) hub.sawRows(one.id, slivers);
    else {
      one.view = null;
      one.rows.clear();
    }
    if (!slice || !may(person, 'slice.read', slice.facts))
      yield denied(one.topic, new Refused('NOT_FOUND', { kind: 'slice', id: one.name }).reason);
    else yield { t: 'slice', name: one.name, snapshot, view: asSeenBy(person, slice), slivers };
  }
}

/** True when a snapshot is due; from here on only what is read later counts. */
function beginSnapshot(one: SliceTopic | FleetTopic): boolean {
  if (!one.stale) return false;
  one.stale = false;
  one.since = performance.now();
  return true;
}

function markStale(one: Followed): void {
  if (one.kind === 'plain') {
    one.changed = true;
    return;
  }
  one.stale = true;
  if (one.kind === 'fleet') one.nodes.clear();
  else {
    one.view = null;
    one.rows.clear();
  }
}

function hasNews(one: Followed): boolean {
  if (one.kind === 'plain') return one.changed;
  return one.stale || (one.kind === 'fleet' ? one.nodes.size > 0 : one.view !== null);
}

/** Does the notice concern a topic that only says "fetch again"? */
function concerns(notice: Notice, topic: Topic, person: Person): boolean {
  if (notice.k === 'trust') return topic === 'trust';
  if (notice.k === 'node') return topic.startsWith('node:') && notice.ids.includes(topic.slice('node:'.length));
  if (notice.k === 'user') return topic === 'me' && notice.id === person.id;
  if (notice.k === 'request') {
    const decides = may(person, 'request.decide', { siteId: notice.site, requestedById: '' });
    return decides && (topic === 'approvals' || topic === 'me');
  }
  return false;
}

function denied(topic: Topic, reason: Reason): LiveEvent {
  return { t: 'denied', topic, reason };
}
