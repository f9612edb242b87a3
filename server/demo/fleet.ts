import { formatUrn } from '@/core/identity/urn';
import { DEMO_CITIES } from './cities';

export type DemoSite = {
  loginBase: string;
  name: string;
  urn: string;
  city: string;
  country: string;
  latitude: number;
  longitude: number;
};
/** How a simulated node behaves; the simulator's word for it. */
export type Behaviour = 'normal' | 'slow' | 'down' | 'failing';
export type DemoNode = {
  urn: string;
  hostname: string;
  site: string;
  simulated: boolean;
  behaviour: Behaviour;
  startMs: number;
};

/** The site of the demo's people and of the machine that Meridian runs on. */
export const DEMO_HOME = 'demo';
const NODES_PER_CITY = 3;

/** Those that do not behave: Reykjavik is away altogether, two nodes cannot start anything, five take their time. */
const BEHAVIOURS: Readonly<Record<string, Behaviour>> = {
  'node1.reykjavik': 'down',
  'node2.reykjavik': 'down',
  'node2.kampala': 'failing',
  'node3.santiago': 'failing',
  'node1.almaty': 'slow',
  'node2.dhaka': 'slow',
  'node3.dakar': 'slow',
  'node1.auckland': 'slow',
  'node2.mexicocity': 'slow',
};

/** The URN of the one real node of a demo: the machine that runs it. */
export function thisMachineUrn(authority: string): string {
  return formatUrn({ authority, site: DEMO_HOME, kind: 'node', name: 'this-machine' });
}

/** The demo's sites and nodes: 60 cities with three simulated nodes each, and this machine. The same at every call. */
export function demoFleet(authority: string): { sites: DemoSite[]; nodes: DemoNode[] } {
  const siteUrn = (loginBase: string) => formatUrn({ authority, site: loginBase, kind: 'authority', name: 'sa' });
  const home: DemoSite = {
    loginBase: DEMO_HOME,
    name: 'Demo institute, Greenwich',
    urn: siteUrn(DEMO_HOME),
    city: 'Greenwich',
    country: 'GB',
    latitude: 51.4769,
    longitude: -0.0005,
  };
  const cities = DEMO_CITIES.map(([loginBase, city, country, latitude, longitude]): DemoSite => {
    return {
      loginBase,
      name: `University of ${city} (demo)`,
      urn: siteUrn(loginBase),
      city,
      country,
      latitude,
      longitude,
    };
  });
  const simulated = cities.flatMap(({ loginBase }) =>
    Array.from({ length: NODES_PER_CITY }, (_, i) => demoNode(authority, loginBase, i + 1)),
  );
  const thisMachine: DemoNode = {
    urn: thisMachineUrn(authority),
    hostname: 'this-machine',
    site: DEMO_HOME,
    simulated: false,
    behaviour: 'normal',
    startMs: 0,
  };
  return { sites: [home, ...cities], nodes: [thisMachine, ...simulated] };
}

function demoNode(authority: string, site: string, number: number): DemoNode {
  const hostname = `node${number}.${site}`;
  const behaviour = BEHAVIOURS[hostname] ?? 'normal';
  return {
    urn: formatUrn({ authority, site, kind: 'node', name: `node${number}` }),
    hostname,
    site,
    simulated: true,
    behaviour,
    startMs: behaviour === 'slow' ? 80 : 30 + ((number * 37 + site.length * 53) % 400),
  };
}
