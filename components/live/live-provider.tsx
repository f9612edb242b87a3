'use client';
import { useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useState } from 'react';
import type { LiveEvent, Topic } from '@/protocol/api/live';
import { refusalOf } from '../refusal/refusal-of';
import { type Client, useTRPC, useTRPCClient } from '../trpc/client';
import { applyEvent } from './apply-event';
import { topicOf } from './held';
import { makeHub } from './hub';
import type { Open, StreamStatus } from './stream';

type Live = {
  status: StreamStatus;
  /** Follow a topic until the answer is called; `onEvent` hears each event of it. */
  follow: (topic: Topic, onEvent: (event: LiveEvent) => void) => () => void;
  /** Try again now: the network is back, or one has signed in again. */
  nudge: () => void;
};

const LiveContext = createContext<Live | null>(null);

function opener(client: Client): Open {
  return (topics, on) => {
    const sub = client.live.events.subscribe(
      { topics },
      {
        onData: on.event,
        onConnectionStateChange: (s) => {
          if (s.state === 'pending') on.connected();
          if (s.state === 'connecting' && s.error) on.lost();
        },
        onError: (error) => on.ended(refusalOf(error)?.code === 'NOT_SIGNED_IN'),
        onComplete: () => on.ended(false),
        onStopped: () => on.ended(false),
      },
    );
    return () => sub.unsubscribe();
  };
}

/** Holds this tab's part of the one stream and writes what arrives into the query cache. */
export function LiveProvider({ personId, children }: { personId: string; children: ReactNode }) {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const queryClient = useQueryClient();
  const [status, setStatus] = useState<StreamStatus>({ state: 'connecting', lastEventAt: null });
  const follows = useRef(new Map<Topic, Set<(event: LiveEvent) => void>>());
  const hub = useRef<ReturnType<typeof makeHub> | null>(null);

  useEffect(() => {
    const made = makeHub({
      personId,
      open: opener(client),
      onEvent: (event) => {
        applyEvent(queryClient, trpc, event);
        for (const each of follows.current.get(topicOf(event)) ?? []) each(event);
      },
      onStatus: setStatus,
    });
    hub.current = made;
    made.want([...follows.current.keys()]);
    window.addEventListener('online', made.nudge);
    window.addEventListener('pagehide', made.leave);
    return () => {
      window.removeEventListener('online', made.nudge);
      window.removeEventListener('pagehide', made.leave);
      hub.current = null;
      made.stop();
    };
  }, [personId, client, queryClient, trpc]);

  const follow = useMemo(
    () => (topic: Topic, onEvent: (event: LiveEvent) => void) => {
      const set = follows.current.get(topic) ?? new Set();
      follows.current.set(topic, set.add(onEvent));
      hub.current?.want([...follows.current.keys()]);
      return () => {
        set.delete(onEvent);
        if (set.size === 0) follows.current.delete(topic);
        hub.current?.want([...follows.current.keys()]);
      };
    },
    [],
  );
  const nudge = useMemo(() => () => hub.current?.nudge(), []);
  const value = useMemo(() => ({ status, follow, nudge }), [status, follow, nudge]);
  return <LiveContext value={value}>{children}</LiveContext>;
}

function useLive(): Live {
  const live = useContext(LiveContext);
  if (!live) throw new Error('live updates are used outside LiveProvider');
  return live;
}

/** How the stream is, for the mark in the top bar. */
export const useLiveStatus = () => useLive().status;

/** Makes the stream try again at once. */
export const useNudgeLive = () => useLive().nudge;

/** Follows a topic for as long as the component stands; `onChange` hears each event of it. */
export function useLiveTopic(topic: Topic | null, onChange?: (event: LiveEvent) => void): void {
  const { follow } = useLive();
  const latest = useRef(onChange);
  useEffect(() => {
    latest.current = onChange;
  });
  useEffect(() => (topic === null ? undefined : follow(topic, (event) => latest.current?.(event))), [topic, follow]);
}

/** Keeps the cached slice, its slivers and its timeline current: read them with the ordinary queries. */
export const useLiveSlice = (name: string) => useLiveTopic(`slice:${name}`);

/** Keeps the cached fleet current: read it with the ordinary query `fleet.nodes`. */
export const useLiveFleet = () => useLiveTopic('fleet');
