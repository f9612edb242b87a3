import { beforeAll, describe, expect, test } from 'vitest';
import { add, HARD_RESOURCES, type HardAmounts, hardOf, NOTHING, oversubscribed, times } from '@/core/resources/vector';
import { LINK_STATES, type LinkState, linkState } from '@/core/trust/link-state';
import { LinksInput, TrustGraph } from '@/protocol/api/trust';
import { seedPerson } from '@/test/people';
import { testPrisma } from '@/test/prisma';
import { seedTrustFleet, type TrustFleet } from '@/test/trust-fleet';
import type { Person } from '../policy';
import { trustGraph } from './graph';
import { trustLink, trustLinks } from './links';

const { db } = await testPrisma();
const NOW = new Date(Math.floor(Date.now() / 1000) * 1000);
let fleet: TrustFleet;
let operator: Person;
let all: Known[];

beforeAll(async () => {
  fleet = await seedTrustFleet(db, { sites: 40, nodes: 170, now: NOW });
  operator = await seedPerson(db, { operator: true });
  all = await bruteForce();
});

type Known = Awaited<ReturnType<typeof bruteForce>>[number];

/** Every link, its depth, state and use, worked out row by row from the tables. */
async function bruteForce() {
  const rows = await db.delegation.findMany({ include: { node: { include: { keys: true } } } });
  const byId = new Map(rows.map((row) => [row.id, row]));
  const revocations = await db.revocation.findMany();
  const tickets = await db.ticket.findMany();
  const now = NOW.getTime();
  const own = (row: (typeof rows)[number]) => {
    const key = row.node.keys.find((k) => !k.revokedAt);
    const newer = rows.some(
      (r) => r.iss === row.iss && r.granteeJkt === row.granteeJkt && r.line === row.line && r.createdAt > row.createdAt,
    );
    return {
      takenBack:
        row.revokedAt !== null ||
        revocations.some(
          (r) => (r.iss === row.iss && r.jti === row.jti) || r.jkt === row.iss || r.jkt === row.granteeJkt,
        ),
      void: key !== undefined && (key.incarnation !== row.incarnation || (!row.parentId && key.jkt !== row.iss)),
      replaced: newer,
      notBefore: row.notBefore.getTime(),
      notAfter: row.notAfter.getTime(),
    };
  };
  const over = (row: (typeof rows)[number]) => {
    const o = own(row);
    return o.takenBack || o.void || o.notAfter <= now;
  };
  const above = (row: (typeof rows)[number]): (typeof rows)[number][] => {
    const parent = row.parentId ? byId.get(row.parentId) : undefined;
    return parent ? [...above(parent), parent] : [];
  };
  const stated = rows.map((row) => {
    const standing = { ...own(row), cutOff: above(row).some(over) };
    return { row, depth: above(row).length + 1, state: linkState(standing, now), ...standing };
  });
  const counts = (s: LinkState) => s === 'in-force' || s === 'ending';
  return stated.map((link) => {
    const { row } = link;
    const rivals = stated
      .filter((l) => l.row.nodeId === row.nodeId && l.row.agentId === row.agentId)
      .sort(
        (a, b) =>
          Number(counts(b.state)) - Number(counts(a.state)) ||
          Number(a.replaced) - Number(b.replaced) ||
          b.row.createdAt.getTime() - a.row.createdAt.getTime(),
      );
    const mine = (states: string[]) =>
      rivals[0] === link
        ? tickets
            .filter((t) => t.nodeId === row.nodeId && t.agentId === row.agentId && states.includes(t.state))
            .reduce((sum, t) => add(sum, hardOf(t)), NOTHING)
        : NOTHING;
    const [issued, redeemed] = [mine(['issued']), mine(['redeemed'])];
    const passedOn = link.replaced
      ? NOTHING
      : stated
          .filter((l) => {
            const parent = l.row.parentId ? byId.get(l.row.parentId) : undefined;
            return parent?.line === row.line && parent.iss === row.iss && parent.granteeJkt === row.granteeJkt;
          })
          .filter((l) => counts(l.state) || l.state === 'not-yet')
          .reduce((sum, l) => add(sum, oversubscribed(hardOf(l.row), l.row.degreeMilli)), NOTHING);
    const free = counts(link.state)
      ? atLeastZero(oversubscribed(hardOf(row), row.degreeMilli), [issued, redeemed, passedOn])
      : NOTHING;
    return { ...link, counts: counts(link.state), use: { issued, redeemed, passedOn, free } };
  });
}

function atLeastZero(limit: HardAmounts, taken: HardAmounts[]): HardAmounts {
  const left = { ...limit };
  for (const r of HARD_RESOURCES)
    left[r] = Math.max(
      0,
      taken.reduce((n, t) => n - t[r], limit[r]),
    );
  return left;
}

function grouped<K>(links: readonly Known[], by: (link: Known) => K): Map<K, Known[]> {
  const groups = new Map<K, Known[]>();
  for (const link of links) groups.set(by(link), [...(groups.get(by(link)) ?? []), link]);
  return groups;
}

const drawn = (l: Known) => !l.replaced && !l.void && l.notAfter > NOW.getTime() - 7 * 86_400_000;
const sum = (links: readonly Known[], of: (link: Known) => HardAmounts) =>
  links.reduce((total, link) => add(total, of(link)), NOTHING);

const manifold = (a: HardAmounts) => times(a, 1_000_000);

/** What an edge stands for, found from its ends alone. */
function linksOf(graph: TrustGraph, edge: TrustGraph['edges'][number], among: readonly Known[]): Known[] {
  const [agent = '', depth = ''] = edge.to.replace('agent:', '').split('@');
  const candidates = among.filter((l) => drawn(l) && l.row.agentId === agent && l.depth === Number(depth));
  if (edge.from.startsWith('agent:')) {
    const issuer = edge.from.slice(6).split('@')[0];
    return candidates.filter((l) => l.row.issuerId === issuer);
  }
  const nodes = nodesOf(graph, edge.from, among);
  return candidates.filter((l) => nodes.has(l.row.nodeId));
}

/** The nodes of a box: those with the very same grantees as the box has edges to, less those with boxes of their own. */
function nodesOf(graph: TrustGraph, box: string, among: readonly Known[]): Set<string> {
  const targets = (id: string) =>
    graph.edges
      .filter((e) => e.from === id)
      .map((e) => e.to)
      .sort()
      .join();
  const roots = grouped(
    among.filter((l) => drawn(l) && l.depth === 1),
    (l) => l.row.nodeId,
  );
  const of = (links: readonly Known[]) => [...new Set(links.map((l) => `agent:${l.row.agentId}@1`))].sort().join();
  const same = [...roots].filter(([, links]) => of(links) === targets(box));
  return new Set(same.map(([id]) => id));
}

describe('the whole, to an operator', () => {
  test('every edge is the sum of its links', async () => {
    const graph = await trustGraph(db, operator, { open: '', site: '' }, NOW);
    let links = 0;
    for (const edge of graph.edges) {
      const mine = linksOf(graph, edge, all);
      const counting = mine.filter((l) => l.counts);
      links += mine.length;
      expect({ id: edge.id, links: edge.links, rights: edge.rights }).toEqual({
        id: edge.id,
        links: mine.length,
        rights: sum(counting, (l) => hardOf(l.row)),
      });
      expect(edge.states).toEqual(
        Object.fromEntries([...grouped(mine, (l) => l.state)].map(([state, of]) => [state, of.length])),
      );
      for (const part of ['issued', 'redeemed', 'passedOn', 'free'] as const) {
        const of = part === 'free' ? counting : mine;
        expect([edge.id, part, edge.use[part]]).toEqual([edge.id, part, sum(of, (l) => l.use[part])]);
      }
      const degrees = counting.map((l) => l.row.degreeMilli);
      expect(edge.degreeMilli).toEqual(
        degrees.length > 0 ? { min: Math.min(...degrees), max: Math.max(...degrees) } : null,
      );
      const ends = counting.map((l) => l.notAfter);
      expect(edge.earliestEnd?.getTime() ?? null).toEqual(ends.length > 0 ? Math.min(...ends) : null);
    }
    // Sums are more than any one statement may say: the API's own schema takes them.
    expect(
      TrustGraph.parse({ ...graph, edges: graph.edges.map((e) => ({ ...e, rights: manifold(e.rights) })) }),
    ).toBeDefined();
    expect(links).toBe(all.filter(drawn).length);
    expect(graph.totals.links).toBe(links);
    const trusting = new Set(all.filter((l) => drawn(l) && l.depth === 1).map((l) => l.row.nodeId));
    expect([graph.totals.nodes, graph.without]).toEqual([trusting.size, 170 - trusting.size]);
    expect(graph.totals).toMatchObject({ agents: 3, partners: 2 });
    expect(Math.max(...graph.boxes.map((box) => box.column))).toBe(3);
    expect(new Set(all.map((l) => l.state)).size).toBe(LINK_STATES.length);
  });

  test('a group opens to its sites, a site to its nodes, and nothing is lost', async () => {
    const closed = await trustGraph(db, operator, { open: '', site: '' }, NOW);
    const group = closed.boxes.find((box) => box.kind === 'group');
    const open = group?.ref ?? '';
    const opened = await trustGraph(db, operator, { open, site: '' }, NOW);
    const site = opened.boxes.find((box) => box.kind === 'site')?.ref ?? '';
    const deeper = await trustGraph(db, operator, { open, site }, NOW);
    const total = (graph: TrustGraph) => [
      graph.edges.reduce((n, e) => n + e.links, 0),
      graph.edges.reduce((s, e) => add(s, e.rights), NOTHING),
      graph.edges.reduce((s, e) => add(s, e.use.free), NOTHING),
      graph.boxes.reduce((n, b) => n + b.nodes, 0),
    ];
    expect(total(opened)).toEqual(total(closed));
    expect(total(deeper)).toEqual(total(closed));
    expect(opened.boxes.filter((box) => box.kind === 'site')).toHaveLength(12);
    const nodes = deeper.boxes.filter((box) => box.kind === 'node');
    expect(nodes.length).toBe(Math.min(12, opened.boxes.find((box) => box.ref === site)?.nodes ?? 0));
    // An edge of what is opened names its links.
    const edge = deeper.edges.find((e) => e.from === nodes[0]?.id);
    const page = await trustLinks(db, operator, LinksInput.parse({ edge: edge?.id, open, site, state: 'all' }), NOW);
    expect(page.rows.map((row) => row.node.id)).toEqual([nodes[0]?.ref]);
  });
});

test('the table says the same of every link, in pages, sorted and counted', async () => {
  const read = (over: object) => trustLinks(db, operator, LinksInput.parse({ limit: 500, ...over }), NOW);
  const whole = await read({ state: 'all' });
  expect(whole.total).toBe(all.length);
  for (const row of whole.rows) {
    const known = all.find((l) => l.row.id === row.id);
    expect([row.state, row.depth, row.use]).toEqual([known?.state, known?.depth, known?.use]);
  }
  const current = await read({});
  expect([current.total, current.all]).toEqual([
    all.filter((l) => !l.replaced && !l.void && l.notAfter > NOW.getTime()).length,
    all.length,
  ]);
  const pages = [await read({ limit: 50 }), await read({ limit: 50, offset: 50 })];
  expect(pages.flatMap((page) => page.rows)).toEqual(current.rows.slice(0, 100));
  const beyond = await read({ offset: 10_000 });
  expect([beyond.rows, beyond.total]).toEqual([[], current.total]);
  const ends = (await read({ sort: '-end' })).rows.map((row) => row.notAfter.getTime());
  expect(ends).toEqual([...ends].sort((a, b) => b - a));
  const [row] = current.rows;
  expect((await read({ q: row?.node.hostname })).rows.every((r) => r.node.id === row?.node.id)).toBe(true);
  expect((await read({ q: '%' })).total).toBe(0);
  expect((await read({ state: 'taken-back' })).total).toBe(all.filter((l) => l.state === 'taken-back').length);
  expect((await read({ issuer: 'nodes' })).rows.every((r) => r.depth === 1)).toBe(true);
});

describe('as much as one may see', () => {
  const edgesOf = async (person: Person) => {
    const graph = await trustGraph(db, person, { open: '', site: '' }, NOW);
    return graph.edges.reduce((n, edge) => n + edge.links, 0);
  };
  const ofSite = (siteId: string) => all.filter((l) => drawn(l) && l.row.node.siteId === siteId);

  test('a PI and a tech see their own sites’ edges, a researcher none of them', async () => {
    const [first, second] = fleet.sites;
    if (!first || !second) throw new Error('seeded above');
    const pi = await seedPerson(db, { roles: [[first.id, 'pi']] });
    const tech = await seedPerson(db, { roles: [[second.id, 'tech']] });
    const researcher = await seedPerson(db, { roles: [[first.id, 'researcher']] });
    expect(await edgesOf(pi)).toBe(ofSite(first.id).length);
    expect(await edgesOf(pi)).toBeGreaterThan(0);
    expect(await edgesOf(tech)).toBe(ofSite(second.id).length);
    expect(await edgesOf(researcher)).toBe(0);
    const page = await trustLinks(db, pi, LinksInput.parse({ state: 'all' }), NOW);
    expect(page.all).toBe(all.filter((l) => l.row.node.siteId === first.id).length);
    const foreign = ofSite(second.id)[0]?.row.id ?? '';
    await expect(trustLink(db, pi, foreign, NOW)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const own = await trustLink(db, pi, ofSite(first.id)[0]?.row.id ?? '', NOW);
    expect([own.chain.length, own.mayRevoke]).toEqual([own.link.depth, false]);
    const root = ofSite(second.id).find((l) => l.depth === 1);
    expect((await trustLink(db, tech, root?.row.id ?? '', NOW)).mayRevoke).toBe(true);
  });

  test('who has a sliver on a node sees that node’s links', async () => {
    const node = fleet.nodes.find((n) => all.some((l) => drawn(l) && l.row.nodeId === n.id));
    if (!node) throw new Error('seeded above');
    const member = await seedPerson(db);
    const slice = await db.slice.create({
      data: {
        name: 't_own',
        urn: 'urn:publicid:IDN+meridian+slice+t_own',
        siteId: fleet.sites[3]?.id ?? '',
        ownerId: member.id,
        spec: {},
        sliverCount: 1,
        minimumCount: 1,
        ...{ cpuMilli: 1, memoryMiB: 1, diskMiB: 1, networkKbps: 1, termSeconds: 1, graceSeconds: 0 },
        members: { create: { userId: member.id } },
      },
    });
    expect(await edgesOf(member)).toBe(0);
    const sliver = await db.sliver.create({ data: { sliceId: slice.id, nodeId: node.id } });
    expect(await edgesOf(member)).toBe(all.filter((l) => drawn(l) && l.row.nodeId === node.id).length);
    await db.sliver.update({ where: { id: sliver.id }, data: { goneAt: NOW } });
    expect(await edgesOf(member)).toBe(0);
  });
});

test('a key or a link that was taken back counts no more', async () => {
  const [one, other] = all.filter((l) => l.state === 'in-force' && l.depth === 1);
  if (!one || !other) throw new Error('seeded above');
  const state = async (id: string) => (await trustLink(db, operator, id, NOW)).link.state;
  const act = { actId: crypto.randomUUID() };
  await db.revocation.create({ data: { ...act, kind: 'delegation', iss: one.row.iss, jti: one.row.jti } });
  await db.revocation.create({ data: { ...act, kind: 'key', jkt: other.row.iss } });
  expect([await state(one.row.id), await state(other.row.id)]).toEqual(['taken-back', 'taken-back']);
});

test('a link to a key that its agent has changed is replaced by the one to its present key, and counts once', async () => {
  const [, , old] = all.filter((l) => l.state === 'in-force' && l.depth === 1); // the first two were taken back above
  if (!old) throw new Error('seeded above');
  const { id: _, jti, granteeJkt, ...same } = old.row;
  const { node: __, ...facts } = same;
  const next = await db.delegation.create({
    data: { ...facts, jti: `${jti}-next`, line: 'next-key', granteeJkt: 'next-key', createdAt: NOW },
  });
  const state = async (id: string) => (await trustLink(db, operator, id, NOW)).link.state;
  // Beside each other until the agent issues with the next one.
  expect([await state(old.row.id), await state(next.id)]).toEqual(['in-force', 'in-force']);
  await db.agent.update({ where: { id: old.row.agentId }, data: { jkt: 'next-key' } });
  expect([await state(old.row.id), await state(next.id)]).toEqual(['replaced', 'in-force']);
  await db.agent.update({ where: { id: old.row.agentId }, data: { jkt: granteeJkt } });
});
