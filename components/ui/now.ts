'use client';
import { useSyncExternalStore } from 'react';

/** One clock for the whole page, so that all relative times turn over together. */
function clock(everyMs: number) {
  let now = 0;
  let timer: ReturnType<typeof setInterval> | undefined;
  const listeners = new Set<() => void>();
  return {
    subscribe(listener: () => void) {
      if (listeners.size === 0) {
        now = Date.now();
        timer = setInterval(() => {
          now = Date.now();
          for (const each of listeners) each();
        }, everyMs);
      }
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) clearInterval(timer);
      };
    },
    read() {
      if (now === 0) now = Date.now();
      return now;
    },
  };
}

const seconds = clock(1000);
const never = () => null;

/** Epoch ms, turning over each second; null on the server and during hydration. */
export function useNow(): number | null {
  return useSyncExternalStore<number | null>(seconds.subscribe, seconds.read, never);
}
