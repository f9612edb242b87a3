'use client';
import { useEffect, useState } from 'react';

/** True once scripts run. A form that works by script takes no press before: the browser would send it by itself. */
export function useReady(): boolean {
  const [ready, setReady] = useState(false);
  useEffect(() => setReady(true), []);
  return ready;
}

/** What a field of the form holds, as typed. Such fields keep no state: what was typed before scripts ran would be lost. */
export function typedIn(form: HTMLFormElement, field: string): string {
  const value = new FormData(form).get(field);
  return typeof value === 'string' ? value : '';
}
