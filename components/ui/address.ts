'use client';
import { useSearchParams } from 'next/navigation';
import { useCallback } from 'react';

/**
 * One filter that lives in the address: its value, and a setter that replaces the entry in the history (a filter is not a
 * step back). The default leaves the address clean.
 */
export function useAddress(param: string, byDefault: string): [string, (value: string) => void] {
  const search = useSearchParams();
  const value = search.get(param) ?? byDefault;
  const set = useCallback(
    (next: string) => {
      const url = new URL(window.location.href);
      if (next === byDefault) url.searchParams.delete(param);
      else url.searchParams.set(param, next);
      window.history.replaceState(null, '', url);
    },
    [param, byDefault],
  );
  return [value, set];
}
