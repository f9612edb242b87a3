import type { LiveEvent, Topic } from '@/protocol/api/live';

type SliceEvent = Extract<LiveEvent, { t: 'slice' }>;
type FleetEvent = Extract<LiveEvent, { t: 'fleet' }>;
/** What is known of a topic whose events carry its content, as one snapshot. */
export type Held = SliceEvent | FleetEvent;

/** The topic that an event belongs to. */
export function topicOf(event: LiveEvent): Topic {
  if (event.t === 'slice') return `slice:${event.name}`;
  if (event.t === 'fleet') return 'fleet';
  return event.topic;
}

/** Rows changed by id; rows not seen before stand at the end. A snapshot replaces all. */
export function mergeRows<Row extends { id: string }>(held: readonly Row[], changed: readonly Row[]): Row[] {
  if (changed.length === 0) return [...held];
  const byId = new Map(changed.map((row) => [row.id, row]));
  const merged = held.map((row) => {
    const next = byId.get(row.id);
    byId.delete(row.id);
    return next ?? row;
  });
  return [...merged, ...byId.values()];
}

/**
 * The snapshot after an event. A change that arrives before any snapshot is not one (rows would be missing): it answers
 * null, and the caller waits for the snapshot that every (re)connect brings.
 */
export function fold(held: Held | undefined, event: Held): Held | null {
  if (event.snapshot) return event;
  if (!held || held.t !== event.t) return null;
  if (event.t === 'slice' && held.t === 'slice') {
    return { ...event, snapshot: true, slivers: mergeRows(held.slivers, event.slivers) };
  }
  if (event.t === 'fleet' && held.t === 'fleet') {
    return { ...event, snapshot: true, nodes: mergeRows(held.nodes, event.nodes) };
  }
  return null;
}
