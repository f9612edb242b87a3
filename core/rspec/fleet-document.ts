import type { HardAmounts } from '../resources/vector';

/** A node in the fleet's document: who and where it is, what it has and has free, how it stands, and until when who may issue for it. */
export type DocumentNode = {
  urn: string;
  hostname: string;
  site: string;
  siteUrn: string;
  country: string | null;
  city: string | null;
  latitude: number | null;
  longitude: number | null;
  bootState: string;
  adminSwitch: string;
  reachability: string;
  /** Since when it is as reachable as it is; ISO 8601, null before its first word. */
  since: string | null;
  simulated: boolean;
  capacity: HardAmounts | null;
  free: HardAmounts | null;
  images: string[];
  delegations: { agent: string; until: string }[];
};

/** The whole fleet as one document. `generated`: when it was put together. */
export type FleetDocument = { version: 1; authority: string; generated: string; nodes: DocumentNode[] };

/** The extension's namespace: what GENI's advertisement has no words for. */
export const FLEET_NAMESPACE = 'urn:meridian:fleet:1';
/** How long a reader may take it for true. */
const HOLDS_SECONDS = 60;

/**
 * The document as a GENI advertisement, RSpec v3, with an extension: our own importer, and those of others, read it.
 * https://www.geni.net/resources/rspec/3/ad.xsd
 */
export function fleetXml(document: FleetDocument): string {
  const expires = new Date(Date.parse(document.generated) + HOLDS_SECONDS * 1000).toISOString();
  const manager = `urn:publicid:IDN+${document.authority}+authority+am`;
  const head = element('rspec', {
    xmlns: 'http://www.geni.net/resources/rspec/3',
    'xmlns:m': FLEET_NAMESPACE,
    type: 'advertisement',
    generated: document.generated,
    expires,
  });
  const nodes = document.nodes.map((node) => nodeXml(node, manager));
  return `<?xml version="1.0" encoding="UTF-8"?>\n${head}\n${nodes.join('')}</rspec>\n`;
}

function nodeXml(node: DocumentNode, manager: string): string {
  const { latitude, longitude, country } = node;
  const open = node.bootState === 'boot' && node.adminSwitch === 'open' && node.reachability === 'online';
  const standing = {
    bootState: node.bootState,
    adminSwitch: node.adminSwitch,
    reachability: node.reachability,
    since: node.since,
    simulated: node.simulated,
  };
  const location = {
    ...(country && { country }),
    ...(latitude !== null && { latitude }),
    ...(longitude !== null && { longitude }),
  };
  const lines = [
    element('node', {
      component_manager_id: manager,
      component_id: node.urn,
      component_name: node.hostname,
      site_id: node.siteUrn,
      boot_state: node.bootState,
      exclusive: false,
    }),
    `<hostname>${escaped(node.hostname)}</hostname>`,
    empty('available', { now: open }),
    latitude !== null && longitude !== null ? empty('location', location) : '',
    country ? `<country>${escaped(country)}</country>` : '',
    node.city ? `<city>${escaped(node.city)}</city>` : '',
    `${element('sliver_type', { name: node.simulated ? 'simulated' : 'container' })}${node.images.map((name) => empty('disk_image', { name })).join('')}</sliver_type>`,
    empty('m:standing', standing),
    node.capacity ? empty('m:capacity', node.capacity) : '',
    node.free ? empty('m:free', node.free) : '',
    ...node.delegations.map(({ agent, until }) => empty('m:delegation', { agent, until })),
  ];
  return `  ${lines.filter((line) => line !== '').join('\n    ')}\n  </node>\n`;
}

type Values = Record<string, string | number | boolean | null>;

function element(name: string, values: Values): string {
  const attributes = Object.entries(values).flatMap(([key, value]) =>
    value === null ? [] : [` ${key}="${escaped(String(value))}"`],
  );
  return `<${name}${attributes.join('')}>`;
}

function empty(name: string, values: Values): string {
  return `${element(name, values).slice(0, -1)}/>`;
}

/** What XML 1.0 cannot hold at all is left out: https://www.w3.org/TR/xml/#charsets */
function escaped(text: string): string {
  return (
    text
      .toWellFormed()
      // biome-ignore lint/suspicious/noControlCharactersInRegex: taking them out is the point
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
      .replace(/[&<>"\t\r\n]/g, (c) => `&#${c.charCodeAt(0)};`)
  );
}
