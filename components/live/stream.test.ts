import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { LiveEvent, Topic } from '@/protocol/api/live';
import { fold, mergeRows } from './held';
import { makeStream, type Open, type StreamStatus } from './stream';

const changed: LiveEvent = { t: 'changed', topic: 'me' };

/** A server that the test plays. */
function server() {
  const opened: { topics: Topic[]; on: Parameters<Open>[1]; closed: boolean }[] = [];
  const open: Open = (topics, on) => {
    const one = { topics, on, closed: false };
    opened.push(one);
    return () => {
      one.closed = true;
    };
  };
  return { opened, open };
}

describe('the one stream', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function start() {
    const { opened, open } = server();
    const events: LiveEvent[] = [];
    const said: StreamStatus[] = [];
    const stream = makeStream(open, { event: (e) => events.push(e), status: (s) => said.push(s) });
    return { opened, events, said, stream };
  }

  test('opens for the union, again for a new topic, and lingers when one is no longer wanted', () => {
    const { opened, stream } = start();
    stream.want(['me', 'me', 'fleet']);
    expect(opened[0]?.topics).toEqual(['fleet', 'me']);
    stream.want(['me']);
    stream.want(['fleet', 'me']);
    vi.advanceTimersByTime(60_000);
    expect(opened).toHaveLength(1);
    stream.want(['me', 'slice:a_b']);
    expect(opened).toHaveLength(2);
    expect(opened[0]?.closed).toBe(true);
    stream.want(['me']);
    vi.advanceTimersByTime(60_000);
    expect(opened.at(-1)?.topics).toEqual(['me']);
  });

  test('reopens with growing patience, and a stream that was replaced does not speak', () => {
    const { opened, events, said, stream } = start();
    stream.want(['me']);
    opened[0]?.on.event(changed);
    expect(said.at(-1)).toMatchObject({ state: 'live' });
    opened[0]?.on.ended(false);
    opened[0]?.on.event(changed);
    expect(events).toHaveLength(1);
    expect(said.at(-1)).toMatchObject({ state: 'reconnecting', lastEventAt: expect.any(Number) });
    vi.advanceTimersByTime(700);
    expect(opened).toHaveLength(2);
    for (let i = 0; i < 8; i += 1) {
      opened.at(-1)?.on.ended(false);
      vi.advanceTimersByTime(40_000);
    }
    expect(opened).toHaveLength(10);
    opened.at(-1)?.on.ended(false);
    vi.advanceTimersByTime(20_000);
    expect(opened).toHaveLength(10);
  });

  test('goes on at once when nudged; once signed out only when told that one is signed in again', () => {
    const { opened, said, stream } = start();
    stream.want(['me']);
    opened[0]?.on.ended(false);
    stream.nudge();
    expect(opened).toHaveLength(2);
    opened[1]?.on.ended(true);
    vi.advanceTimersByTime(120_000);
    expect(opened).toHaveLength(2);
    expect(said.at(-1)?.state).toBe('ended');
    stream.nudge();
    expect(opened).toHaveLength(3);
  });
});

describe('what is held of a topic', () => {
  test('changed rows take their place, new ones stand at the end', () => {
    const rows = [
      { id: 'a', n: 1 },
      { id: 'b', n: 1 },
    ];
    const merged = mergeRows(rows, [
      { id: 'c', n: 2 },
      { id: 'a', n: 2 },
    ]);
    expect(merged).toEqual([
      { id: 'a', n: 2 },
      { id: 'b', n: 1 },
      { id: 'c', n: 2 },
    ]);
  });

  test('a change before any snapshot is not taken for one', () => {
    const change = { t: 'fleet', snapshot: false, nodes: [] } as const;
    expect(fold(undefined, { ...change, nodes: [] })).toBeNull();
    const held = { t: 'fleet' as const, snapshot: true, nodes: [] };
    expect(fold(held, { ...change, nodes: [] })).toEqual(held);
  });
});
