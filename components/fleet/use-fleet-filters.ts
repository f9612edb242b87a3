'use client';
import { useSearchParams } from 'next/navigation';
import { useCallback, useMemo } from 'react';
import { type FleetFilters, filtersFrom, filtersQuery, type Sort, type SortKey } from './filters';

const SORTS: readonly SortKey[] = ['standing', 'hostname', 'site', 'country', 'slivers', 'cpu', 'memory', 'seen'];
const BY_NAME: Sort = { key: 'hostname', down: false };

/** Filters and order of the fleet, as the address says them; changes replace the entry in the history. */
export function useFleetFilters() {
  const search = useSearchParams();
  const text = search.toString();
  const filters = useMemo(() => filtersFrom(new URLSearchParams(text)), [text]);
  const sort = useMemo(() => sortFrom(new URLSearchParams(text).get('sort')), [text]);
  const replace = useCallback((query: URLSearchParams, order: Sort) => {
    if (order.key !== BY_NAME.key || order.down) query.set('sort', `${order.down ? '-' : ''}${order.key}`);
    const url = new URL(window.location.href);
    url.search = query.toString();
    window.history.replaceState(null, '', url);
  }, []);
  return {
    filters,
    sort,
    setFilters: (next: FleetFilters) => replace(filtersQuery(next), sort),
    setSort: (next: Sort) => replace(filtersQuery(filters), next),
  };
}

function sortFrom(text: string | null): Sort {
  const down = text?.startsWith('-') ?? false;
  const key = SORTS.find((each) => each === text?.replace(/^-/, ''));
  return key ? { key, down } : BY_NAME;
}
