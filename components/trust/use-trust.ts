'use client';
import { useSearchParams } from 'next/navigation';
import { useCallback } from 'react';
import type { HardResource } from '@/core/resources/vector';
import { RESOURCES } from './words';

/** What the page shows, as its address says it. */
export function useTrustAddress() {
  const search = useSearchParams();
  const get = (name: string) => search.get(name) ?? '';
  /** Changes several parts of the address at once; "" takes a part away. */
  const set = useCallback((next: Readonly<Record<string, string>>) => {
    const url = new URL(window.location.href);
    for (const [name, value] of Object.entries(next)) {
      if (value === '') url.searchParams.delete(name);
      else url.searchParams.set(name, value);
    }
    window.history.replaceState(null, '', url);
  }, []);
  const resource: HardResource = RESOURCES.find(({ id }) => id === get('of'))?.id ?? 'cpuMilli';
  return { get, set, resource, open: get('open'), site: get('site'), edge: get('edge'), link: get('link') };
}
