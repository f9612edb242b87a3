'use client';
import { useEffect, useRef, useState } from 'react';

/** A value that changes at most once in `everyMs`: the first at once, later ones together at the end of the pause. */
export function useCalm<T>(value: T, everyMs: number): T {
  const [calm, setCalm] = useState(value);
  const last = useRef(0);
  const latest = useRef(value);
  useEffect(() => {
    latest.current = value;
    const wait = Math.max(0, last.current + everyMs - performance.now());
    const timer = setTimeout(() => {
      last.current = performance.now();
      setCalm(latest.current);
    }, wait);
    return () => clearTimeout(timer);
  }, [value, everyMs]);
  return calm;
}
