'use client';
import { Search, SlidersHorizontal } from 'lucide-react';
import { useMemo, useState } from 'react';
import type { FleetNode } from '@/protocol/api/fleet';
import { Button } from '../ui/button';
import { Checkbox } from '../ui/checkbox';
import { cn } from '../ui/cn';
import { count } from '../ui/format';
import { Input } from '../ui/input';
import { MultiSelect } from '../ui/multi-select';
import { Select } from '../ui/select';
import { anyFilter, countryName, type FleetFilters, NO_FILTERS, tally } from './filters';
import { STANDING, STANDINGS, type Standing, standingOf } from './node-standing';

const KINDS = [
  { value: 'any', label: 'Real and simulated' },
  { value: 'real', label: 'Real nodes' },
  { value: 'simulated', label: 'Simulated nodes' },
];
const isKind = (value: string): value is FleetFilters['kind'] => KINDS.some((kind) => kind.value === value);
const isStanding = (value: string): value is Standing => STANDINGS.some((standing) => standing === value);
const aria = (id: string) => ({ id, 'aria-describedby': undefined, 'aria-invalid': undefined });

type NodeFiltersProps = {
  id: string;
  nodes: readonly FleetNode[];
  shown: number;
  filters: FleetFilters;
  onChange: (filters: FleetFilters) => void;
  /** Say how many there are only when filters hide some: the page says it already. */
  quiet?: boolean;
};

/** The filters that map, table and picker share, with what they leave and what they hide. */
export function NodeFilters({ id, nodes, shown, filters, onChange, quiet }: NodeFiltersProps) {
  const countries = useMemo(
    () =>
      tally(nodes, (node) => node.country ?? '--').map(([code, n]) => ({
        value: code,
        label: countryName(code),
        detail: count(n),
      })),
    [nodes],
  );
  const sites = useMemo(() => {
    const names = new Map(nodes.map((node) => [node.site, node.siteName]));
    return tally(nodes, (node) => node.site).map(([site, n]) => ({
      value: site,
      label: label(site, names.get(site)),
      detail: count(n),
    }));
  }, [nodes]);
  const standings = useMemo(() => {
    const counts = new Map(tally(nodes, standingOf));
    return STANDINGS.filter((each) => counts.has(each)).map((each) => ({
      value: each,
      label: STANDING[each].label,
      detail: count(counts.get(each) ?? 0),
    }));
  }, [nodes]);
  const hidden = nodes.length - shown;
  const [open, setOpen] = useState(false);
  const others =
    [filters.countries, filters.sites, filters.standings].filter((each) => each.length > 0).length +
    (filters.kind === 'any' ? 0 : 1) +
    (filters.room ? 1 : 0);
  return (
    <search aria-label="Filter nodes" className="flex flex-col gap-2">
      <div className="grid grid-cols-2 items-start gap-2 sm:grid-cols-3 lg:flex lg:flex-wrap">
        <div className="col-span-2 flex gap-2 sm:col-span-3 lg:w-64">
          <Input
            aria-label="Find nodes by name, site, city or country"
            before={<Search aria-hidden="true" className="size-4" />}
            className="flex-1"
            maxLength={200}
            onChange={(event) => onChange({ ...filters, text: event.target.value })}
            placeholder="Name, site, city, country"
            type="search"
            value={filters.text}
          />
          <Button aria-expanded={open} className="sm:hidden" onClick={() => setOpen(!open)}>
            <SlidersHorizontal aria-hidden="true" />
            Filters{others > 0 ? ` (${others})` : ''}
          </Button>
        </div>
        <div className={cn('contents', !open && 'max-sm:hidden')}>
          <div className="min-w-0 lg:w-40">
            <label className="sr-only" htmlFor={`${id}-state`}>
              State
            </label>
            <MultiSelect
              aria={aria(`${id}-state`)}
              chosen={filters.standings}
              none="Any state"
              onChange={(chosen) => onChange({ ...filters, standings: chosen.filter(isStanding) })}
              options={standings}
              what="states"
            />
          </div>
          <div className="min-w-0 lg:w-44">
            <label className="sr-only" htmlFor={`${id}-country`}>
              Country
            </label>
            <MultiSelect
              aria={aria(`${id}-country`)}
              chosen={filters.countries}
              none="Any country"
              onChange={(chosen) => onChange({ ...filters, countries: chosen })}
              options={countries}
              what="countries"
            />
          </div>
          <div className="min-w-0 lg:w-44">
            <label className="sr-only" htmlFor={`${id}-site`}>
              Site
            </label>
            <MultiSelect
              aria={aria(`${id}-site`)}
              chosen={filters.sites}
              none="Any site"
              onChange={(chosen) => onChange({ ...filters, sites: chosen })}
              options={sites}
              what="sites"
            />
          </div>
          <Select
            aria-label="Real or simulated"
            className="lg:w-52"
            onChange={(event) => isKind(event.target.value) && onChange({ ...filters, kind: event.target.value })}
            options={KINDS}
            value={filters.kind}
          />
          <div className="flex h-9 items-center">
            <Checkbox checked={filters.room} label="Has room now" onChange={(room) => onChange({ ...filters, room })} />
          </div>
        </div>
      </div>
      <div
        className={cn(
          'flex min-h-7 flex-wrap items-center gap-x-3 gap-y-1 text-table',
          quiet && !anyFilter(filters) && 'hidden',
        )}
      >
        <p aria-live="polite" className="tabular-nums">
          <b className="font-semibold">{count(shown)}</b> {shown === 1 ? 'node' : 'nodes'}
          {hidden > 0 && <span className="text-soft">, {count(hidden)} hidden by filters</span>}
        </p>
        {filters.slice && (
          <span className="rounded border border-line bg-sunken px-2 py-0.5">
            of slice <span className="font-mono">{filters.slice}</span>
          </span>
        )}
        {anyFilter(filters) && (
          <Button kind="quiet" onClick={() => onChange(NO_FILTERS)} size="sm">
            Clear filters
          </Button>
        )}
      </div>
    </search>
  );
}

/** Login base and name, unless the name says nothing more. */
function label(site: string, name: string | undefined): string {
  return name && name !== site ? `${name} (${site})` : site;
}
