import { formatUrn, parseUrn } from '../identity/urn';
import type { BootState } from '../node/state';
import { countryNamed, placeOf } from './country';
import { INTERFACES_PER_NODE, VALUE_CHARS } from './limits';
import type { RawNode } from './raw-node';
import type { UnusedFields } from './unused';

export type ImportedInterface = { name: string; ipv4: string | null; ipv6: string | null };

/** A node as an import knows it: what could be used of its advertisement. Degrees; country ISO 3166-1 alpha-2. */
export type ImportedNode = {
  urn: string;
  hostname: string;
  siteUrn: string;
  network: string | null;
  latitude: number | null;
  longitude: number | null;
  country: string | null;
  city: string | null;
  bootState: BootState;
  attributes: Record<string, string>;
  interfaces: ImportedInterface[];
};

/** PlanetLab's words for the boot state, and ours. `safeboot` is its debug mode. */
const BOOT_STATES: Readonly<Record<string, BootState>> = {
  boot: 'boot',
  reinstall: 'install',
  install: 'install',
  safeboot: 'debug',
  debug: 'debug',
  failboot: 'debug',
  disabled: 'disabled',
  disable: 'disabled',
};

/** Elements that have a place of their own, or that say again what another says. */
const PLACED = new Set(['hostname', 'location', 'interface', 'country', 'city', 'granularity']);
/** How advertisements say that they do not know. */
const NOTHING = new Set(['n/a', 'na', 'none', 'null', 'unknown', '-', '']);
const HOSTNAME = /^(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?$/;
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;
const IPV6 = /^(?=.{2,39}$)[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}$/;

/** Takes from a raw node what can be used and reports the rest; null when it cannot be known by name. */
export function toNode(raw: RawNode, unused: UnusedFields): ImportedNode | null {
  const id = raw.attributes.component_id ?? '';
  const called = raw.texts.get('hostname') ?? raw.attributes.component_name ?? raw.attributes.id ?? `line ${raw.line}`;
  const urn = parseUrn(id);
  if (!id) {
    unused.add('node@component_id', 'the node has none, so it has no name that is its own: not imported', called);
    return null;
  }
  if (urn?.kind !== 'node') {
    unused.add('node@component_id', 'not the URN of a node: not imported', id);
    return null;
  }
  const hostname = [raw.texts.get('hostname'), raw.attributes.component_name, urn.name].find(
    (name) => name && HOSTNAME.test(name),
  );
  if (!raw.texts.get('hostname')) unused.add('hostname', 'missing: the component name stands in', id);
  else if (hostname !== raw.texts.get('hostname'))
    unused.add('hostname', 'not a host name: the component name stands in', called);
  return {
    urn: id,
    hostname: (hostname ?? urn.name).toLowerCase(),
    siteUrn: siteOf(raw, urn, unused),
    network: raw.network ?? urn.authority,
    ...whereIs(raw, called, unused),
    city: value('city', raw.texts.get('city'), unused),
    bootState: bootState(raw.attributes.boot_state, called, unused),
    attributes: attributesOf(raw, unused),
    interfaces: interfacesOf(raw, called, unused),
  };
}

function siteOf(raw: RawNode, urn: NonNullable<ReturnType<typeof parseUrn>>, unused: UnusedFields): string {
  const said = raw.attributes.site_id ?? '';
  const site = parseUrn(said);
  if (site?.kind === 'authority') return said;
  unused.add(
    'node@site_id',
    said
      ? 'not the URN of a site: the site in the node’s own URN stands in'
      : 'missing: the site in the node’s own URN stands in',
    said || raw.attributes.component_id || '',
  );
  return formatUrn({
    authority: urn.authority,
    ...(urn.site ? { site: urn.site } : {}),
    kind: 'authority',
    name: 'sa',
  });
}

/** Coordinates decide the country; the text stands in only where there are none that can be used. */
function whereIs(
  raw: RawNode,
  called: string,
  unused: UnusedFields,
): Pick<ImportedNode, 'latitude' | 'longitude' | 'country'> {
  const { location } = raw;
  const inLocation = location?.country;
  if (inLocation !== undefined && countryNamed(inLocation) === null) {
    unused.add(
      'location@country',
      `says “${inLocation.slice(0, 40)}”: the country is taken from the coordinates`,
      called,
    );
  }
  const text = raw.texts.get('country');
  const named = text === undefined || NOTHING.has(text.toLowerCase()) ? null : countryNamed(text);
  if (text !== undefined && named === null)
    unused.add('country', 'names no country that is known', `${called}: ${text}`);
  const place = location ? placeOf(location.latitude, location.longitude) : { ok: false as const, why: 'missing' };
  if (place.ok) {
    if (named && named !== place.country)
      unused.add(
        'country',
        'names another country than the coordinates, which decide',
        `${called}: ${text}, lies in ${place.country}`,
      );
    return { latitude: place.latitude, longitude: place.longitude, country: place.country };
  }
  const at = location ? `${called}: ${location.latitude ?? '?'}, ${location.longitude ?? '?'}` : called;
  const instead = named ? 'its <country> text stands in' : 'the node stands on no map';
  unused.add('location', `${place.why}: ${instead}`, at);
  return { latitude: null, longitude: null, country: named };
}

function bootState(text: string | undefined, called: string, unused: UnusedFields): BootState {
  const known = BOOT_STATES[text?.toLowerCase() ?? ''];
  if (known) return known;
  unused.add(
    'node@boot_state',
    text ? 'not a boot state that is known: taken as registered' : 'missing: taken as registered',
    text ? `${called}: ${text}` : called,
  );
  return 'registered';
}

/** Text that says something, or null; reports what does not. */
function value(field: string, text: string | undefined, unused: UnusedFields): string | null {
  if (text === undefined) return null;
  if (NOTHING.has(text.toLowerCase())) {
    unused.add(field, `says “${text}”`, text);
    return null;
  }
  if (text.length > VALUE_CHARS) {
    unused.add(field, `longer than ${VALUE_CHARS} characters`, text);
    return null;
  }
  return text;
}

function attributesOf(raw: RawNode, unused: UnusedFields): Record<string, string> {
  const kept: [string, string][] = [];
  for (const [name, text] of raw.texts) {
    if (PLACED.has(name) || name === '__proto__') continue;
    const used = value(name, text, unused);
    if (used !== null) kept.push([name, used]);
  }
  if (raw.granularity) kept.push(['granularity_seconds', raw.granularity.slice(0, 40)]);
  return Object.fromEntries(kept.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function interfacesOf(raw: RawNode, called: string, unused: UnusedFields): ImportedInterface[] {
  const kept = new Map<string, ImportedInterface>();
  for (const [index, attributes] of raw.interfaces.entries()) {
    if (kept.size >= INTERFACES_PER_NODE) {
      unused.add('interface', `more than ${INTERFACES_PER_NODE} on one node`, called);
      continue;
    }
    // "urn:…+interface+node14271:eth0" → "eth0"
    const name = (attributes.component_id?.split(':').at(-1) || `if${index}`).slice(0, 64);
    if (kept.has(name)) {
      unused.add('interface', 'repeats the name of another of the same node', `${called}: ${name}`);
      continue;
    }
    kept.set(name, {
      name,
      ipv4: address('interface@ipv4', attributes.ipv4, IPV4, called, unused),
      ipv6: address('interface@ipv6', attributes.ipv6, IPV6, called, unused),
    });
  }
  return [...kept.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function address(
  field: string,
  text: string | undefined,
  form: RegExp,
  called: string,
  unused: UnusedFields,
): string | null {
  if (text === undefined || text === '') return null;
  if (form.test(text)) return text;
  unused.add(field, 'not an address', `${called}: ${text}`);
  return null;
}
