import type { LiveEvent, Topic } from '@/protocol/api/live';
import { fold, type Held, topicOf } from './held';
import { makeStream, type Open, type StreamStatus } from './stream';

/** What tabs say to each other. */
type Message =
  | { m: 'want'; tab: string; topics: Topic[] }
  | { m: 'bye'; tab: string }
  | { m: 'who' }
  | { m: 'nudge' }
  | { m: 'event'; event: LiveEvent }
  | { m: 'status'; status: StreamStatus };

type HubOptions = {
  /** Tabs of different people must not share a stream. */
  personId: string;
  open: Open;
  onEvent: (event: LiveEvent) => void;
  onStatus: (status: StreamStatus) => void;
};

/** Hidden tabs' timers run once a minute: a tab is gone when it has said nothing for three. */
const SAY_EVERY_MS = 20_000;
const GONE_AFTER_MS = 180_000;

/**
 * Shares one stream between the tabs of a browser (HTTP/1.1 allows six connections in all). The tab that holds the lock
 * leads: it opens the stream for the union of what all tabs want and passes events on. When it closes, the lock goes to
 * another tab, which asks who wants what. Without locks or channels a tab has a stream of its own.
 */
export function makeHub({ personId, open, onEvent, onStatus }: HubOptions) {
  const tab = crypto.randomUUID();
  const shared = typeof BroadcastChannel !== 'undefined' && typeof navigator !== 'undefined' && 'locks' in navigator;
  const channel = shared ? new BroadcastChannel(`meridian-live-${personId}`) : null;
  const stopped = new AbortController();
  const held = new Map<Topic, Held>();
  const others = new Map<string, { topics: Topic[]; at: number }>();
  let mine: Topic[] = [];
  let stream: ReturnType<typeof makeStream> | null = null;

  const post = (message: Message) => {
    if (!stopped.signal.aborted) channel?.postMessage(message);
  };
  const union = () => [...mine, ...[...others.values()].flatMap((o) => o.topics)];

  function take(event: LiveEvent) {
    if (event.t === 'slice' || event.t === 'fleet') {
      const next = fold(held.get(topicOf(event)), event);
      if (!next) return;
      held.set(topicOf(event), next);
    }
    onEvent(event);
  }

  function lead() {
    stream = makeStream(open, {
      event: (event) => {
        post({ m: 'event', event });
        take(event);
      },
      status: (status) => {
        post({ m: 'status', status });
        onStatus(status);
      },
    });
    post({ m: 'who' });
    stream.want(union());
  }

  function onMessage({ data }: MessageEvent<Message>) {
    if (data.m === 'who') post({ m: 'want', tab, topics: mine });
    if (!stream) {
      if (data.m === 'event') take(data.event);
      if (data.m === 'status') onStatus(data.status);
      return;
    }
    if (data.m === 'nudge') stream.nudge();
    if (data.m === 'bye') others.delete(data.tab);
    if (data.m === 'want') {
      const known = others.get(data.tab)?.topics ?? [];
      others.set(data.tab, { topics: data.topics, at: Date.now() });
      // What the stream holds already is given from here; what is new comes as a snapshot from the server.
      for (const topic of data.topics.filter((t) => !known.includes(t))) {
        const snapshot = held.get(topic);
        if (snapshot) post({ m: 'event', event: snapshot });
      }
      post({ m: 'status', status: stream.status() });
    }
    if (data.m === 'bye' || data.m === 'want') stream.want(union());
  }

  const beat = setInterval(() => {
    post({ m: 'want', tab, topics: mine });
    for (const [id, o] of others) if (Date.now() - o.at > GONE_AFTER_MS) others.delete(id);
    stream?.want(union());
  }, SAY_EVERY_MS);
  const leave = () => post({ m: 'bye', tab });

  channel?.addEventListener('message', onMessage);
  if (shared) {
    navigator.locks
      .request(`meridian-live-${personId}`, { signal: stopped.signal }, () => {
        lead();
        return new Promise<void>((done) => stopped.signal.addEventListener('abort', () => done(), { once: true }));
      })
      .catch((error: unknown) => {
        // Aborted while waiting: this tab closed. Anything else: locks do not work here.
        if (!stopped.signal.aborted) {
          console.warn('live updates are not shared between tabs', error);
          lead();
        }
      });
  } else lead();

  return {
    want(topics: Topic[]) {
      mine = [...new Set(topics)];
      post({ m: 'want', tab, topics: mine });
      stream?.want(union());
    },
    /** The leading tab tries; this one asks it to when it is another. */
    nudge: () => (stream ? stream.nudge() : post({ m: 'nudge' })),
    leave,
    stop() {
      leave();
      clearInterval(beat);
      stream?.stop();
      stopped.abort();
      channel?.close();
    },
  };
}
