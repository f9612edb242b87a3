import type { LiveEvent, Topic } from '@/protocol/api/live';

export type StreamStatus = { state: 'connecting' | 'live' | 'reconnecting' | 'ended'; lastEventAt: number | null };

/** Opens the server's stream for these topics; answers how to close it. */
export type Open = (
  topics: Topic[],
  on: { event: (event: LiveEvent) => void; connected: () => void; lost: () => void; ended: (refused: boolean) => void },
) => () => void;

const BACKOFF_MS = [500, 1000, 2000, 5000, 10_000, 30_000];
/** A topic that nobody wants any more is kept this long: going back and forth between pages keeps the stream. */
const LINGER_MS = 5000;

/**
 * The one stream of this browser, held by the leading tab: follows the union of what all tabs want, reopens with backoff
 * (every reopening brings snapshots), and says how it is.
 */
export function makeStream(
  open: Open,
  on: { event: (event: LiveEvent) => void; status: (status: StreamStatus) => void },
) {
  let wanted: Topic[] = [];
  let close: (() => void) | undefined;
  let openFor = '';
  let failures = 0;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let linger: ReturnType<typeof setTimeout> | undefined;
  let status: StreamStatus = { state: 'connecting', lastEventAt: null };
  const say = (next: Partial<StreamStatus>) => {
    status = { ...status, ...next };
    on.status(status);
  };

  function connect() {
    clearTimeout(retry);
    close?.();
    close = undefined;
    openFor = wanted.join(' ');
    if (wanted.length === 0) return;
    // A stream that was replaced must not speak any more.
    let current = true;
    const stop = open(wanted, {
      event: (event) => {
        if (!current) return;
        failures = 0;
        say({ state: 'live', lastEventAt: Date.now() });
        on.event(event);
      },
      connected: () => {
        if (current) say({ state: 'live', lastEventAt: Date.now() });
      },
      lost: () => current && say({ state: 'reconnecting' }),
      ended: (refused) => {
        if (!current) return;
        current = false;
        if (refused) return say({ state: 'ended' });
        say({ state: 'reconnecting' });
        const base = BACKOFF_MS[Math.min(failures++, BACKOFF_MS.length - 1)] ?? 30_000;
        retry = setTimeout(connect, base * (0.75 + Math.random() / 2));
      },
    });
    close = () => {
      current = false;
      stop();
    };
  }

  return {
    want(topics: Topic[]) {
      wanted = [...new Set(topics)].sort().slice(0, 20);
      clearTimeout(linger);
      const held = openFor === '' ? [] : openFor.split(' ');
      if (wanted.some((t) => !held.includes(t))) connect();
      else if (wanted.length < held.length) linger = setTimeout(connect, LINGER_MS);
    },
    status: () => status,
    /** The network is back, the page woke up, or one has signed in again: do not wait for the next try. */
    nudge() {
      if (status.state === 'reconnecting' || status.state === 'ended') connect();
    },
    stop() {
      clearTimeout(retry);
      clearTimeout(linger);
      close?.();
      close = undefined;
    },
  };
}
