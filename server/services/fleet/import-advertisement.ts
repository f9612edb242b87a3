import { Refused } from '@/core/errors';
import { parseUrn } from '@/core/identity/urn';
import { type Collected, Collector } from '@/core/rspec/collect';
import { RSPEC_LIMITS } from '@/core/rspec/limits';
import { loginBaseFor, siteSegment } from '@/core/rspec/login-base';
import { sameNode } from '@/core/rspec/same-node';
import type { ImportedNode } from '@/core/rspec/to-node';
import type { ImportReport } from '@/protocol/api/fleet';
import {
  insertNodes,
  insertSites,
  knownNodes,
  lockImport,
  loginBases,
  type NewSite,
  replaceInterfaces,
  sitesByUrn,
  updateNodes,
} from '@/server/data/fleet-import';
import type { Db, Tx } from '@/server/db';
import { notify } from '@/server/notify';
import { audit } from '../audit';
import type { Person } from '../policy';

export type ImportProgress = { bytes: number; nodes: number };
type ImportOptions = { now: Date; onProgress?: (progress: ImportProgress) => void; maxBytes?: number };

/** Rows in one statement: 65,535 parameters are Postgres's bound. */
const BATCH = 2000;

/**
 * Imports an advertisement that streams in. The file is read to its end before the first row is written, and all rows are
 * written in one transaction: a malformed or cut-off file imports nothing. The same file again changes nothing. Nodes are
 * known by component_id; one of this deployment's own is never touched.
 * @throws Refused RSPEC_MALFORMED {line, problem}, TOO_LARGE {field, max}
 */
export async function importAdvertisement(
  db: Db,
  person: Person,
  body: AsyncIterable<Uint8Array>,
  options: ImportOptions,
): Promise<ImportReport> {
  const began = performance.now();
  const collected = await collect(body, options);
  const counts = await db.$transaction((tx) => write(tx, person, collected, options.now), {
    timeout: 300_000,
    maxWait: 60_000,
  });
  const { networks, failures, read } = collected;
  const unused = [...collected.unused, ...counts.unused];
  return { networks, failures, unused, nodes: { read, ...counts.nodes }, seconds: (performance.now() - began) / 1000 };
}

async function collect(body: AsyncIterable<Uint8Array>, options: ImportOptions): Promise<Collected> {
  const max = options.maxBytes ?? RSPEC_LIMITS.bytes;
  const collector = new Collector(options.now.getTime());
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > max) throw new Refused('TOO_LARGE', { field: 'file', max });
    collector.write(decoded(() => decoder.decode(chunk, { stream: true })));
    options.onProgress?.({ bytes, nodes: collector.read });
  }
  collector.write(decoded(() => decoder.decode()));
  return collector.finish();
}

function decoded(decode: () => string): string {
  try {
    return decode();
  } catch (cause) {
    throw new Refused('RSPEC_MALFORMED', { problem: 'it is not UTF-8 text' }, { cause });
  }
}

async function write(tx: Tx, person: Person, { nodes }: Collected, now: Date) {
  await lockImport(tx);
  const known = new Map(
    (
      await inBatches(nodes, (part) =>
        knownNodes(
          tx,
          part.map((node) => node.urn),
        ),
      )
    ).flatMap((part) => [...part]),
  );
  const isOwn = (node: ImportedNode) => (known.get(node.urn)?.source ?? 'imported') !== 'imported';
  const own = nodes.filter(isOwn);
  const taken = nodes.filter((node) => !isOwn(node));
  const sites = await sitesOf(tx, taken);
  const row = ({ siteUrn, interfaces: _, ...node }: ImportedNode) => ({ ...node, siteId: sites.get(siteUrn) ?? '' });

  const added = taken.filter((node) => !known.has(node.urn));
  const changed = taken.flatMap((node) => {
    const old = known.get(node.urn);
    return old && !sameNode(old, node) ? [{ node, old }] : [];
  });
  const ids: string[] = [];
  await inBatches(added, async (part) => {
    const byUrn = await insertNodes(tx, part.map(row));
    await replaceInterfaces(
      tx,
      part.map((node) => ({ nodeId: byUrn.get(node.urn) ?? '', interfaces: node.interfaces })),
      true,
    );
    ids.push(...byUrn.values());
  });
  await inBatches(changed, async (part) => {
    await updateNodes(
      tx,
      part.map(({ node, old }) => ({
        ...row(node),
        id: old.id,
        bootState: old.enrolled ? old.bootState : node.bootState,
      })),
    );
    await replaceInterfaces(
      tx,
      part.map(({ node, old }) => ({ nodeId: old.id, interfaces: node.interfaces })),
      false,
    );
    ids.push(...part.map(({ old }) => old.id));
  });
  if (ids.length > 0) await notify(tx, { k: 'node', ids });
  const counts = {
    added: added.length,
    changed: changed.length,
    unchanged: taken.length - added.length - changed.length,
  };
  await audit(tx, person, 'fleet.import', { kind: 'fleet', id: 'imported' }, counts, now);
  const unused = own.length > 0 ? [ownNodes(own)] : [];
  return { nodes: counts, unused };
}

function ownNodes(own: readonly ImportedNode[]): ImportReport['unused'][number] {
  const why = 'names a node of this deployment: not touched';
  return { field: 'node@component_id', count: own.length, why, examples: own.slice(0, 3).map((node) => node.urn) };
}

/** The sites of the nodes by URN; those not known yet are added. */
async function sitesOf(tx: Tx, nodes: readonly ImportedNode[]): Promise<Map<string, string>> {
  const bySite = grouped(nodes);
  const urns = [...bySite.keys()];
  const sites = new Map((await inBatches(urns, (part) => sitesByUrn(tx, part))).flatMap((part) => [...part]));
  const missing = urns.filter((urn) => !sites.has(urn));
  if (missing.length === 0) return sites;
  const bases = await loginBases(tx);
  const fresh = missing.map((urn): NewSite => {
    const loginBase = loginBaseFor(urn, (base) => bases.has(base));
    bases.add(loginBase);
    return { urn, loginBase, ...placeOfSite(urn, bySite.get(urn) ?? []) };
  });
  const inserted = await inBatches(fresh, (part) => insertSites(tx, part));
  return new Map([...sites, ...inserted.flatMap((part) => [...part])]);
}

function grouped(nodes: readonly ImportedNode[]): Map<string, ImportedNode[]> {
  const groups = new Map<string, ImportedNode[]>();
  for (const node of nodes) {
    const group = groups.get(node.siteUrn);
    if (group) group.push(node);
    else groups.set(node.siteUrn, [node]);
  }
  return groups;
}

/** Advertisements name sites only by URN; where a site is, its first located node says. */
function placeOfSite(urn: string, nodes: readonly ImportedNode[]): Omit<NewSite, 'urn' | 'loginBase'> {
  const located = nodes.find((node) => node.latitude !== null) ?? nodes[0];
  const parsed = parseUrn(urn);
  const above = [parsed?.authority, ...(parsed?.site?.split(':').slice(0, -1) ?? [])].join(':');
  return {
    name: `${siteSegment(urn)} (${above})`,
    city: nodes.find((node) => node.city !== null)?.city ?? null,
    country: located?.country ?? null,
    latitude: located?.latitude ?? null,
    longitude: located?.longitude ?? null,
  };
}

async function inBatches<Item, Answer>(
  items: readonly Item[],
  act: (part: Item[]) => Promise<Answer>,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let at = 0; at < items.length; at += BATCH) answers.push(await act(items.slice(at, at + BATCH)));
  return answers;
}
