import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { TrustBox, TrustEdge, TrustGraph } from '@/protocol/api/trust';
import { BOX, type GraphLayout, LABEL, layoutGraph, neighbour } from './graph-layout';

type Graph = Pick<TrustGraph, 'boxes' | 'edges'>;
const none = { cpuMilli: 0, memoryMiB: 0, diskMiB: 0, networkKbps: 0 };
const amounts = (n: number) => ({ cpuMilli: n, memoryMiB: n, diskMiB: n, networkKbps: n });

/** As the server draws a fleet: groups of nodes (or sites and nodes of an opened one), and agents by how far authority came. */
const fleet: fc.Arbitrary<Graph> = fc
  .record({
    first: fc.integer({ min: 1, max: 13 + 13 + 13 }),
    agents: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }),
    chosen: fc.infiniteStream(fc.nat(1000)),
  })
  .map(({ first, agents, chosen }) => {
    const next = () => chosen.next().value ?? 0;
    const box = (id: string, column: number, nodes: number): TrustBox => ({
      id,
      column,
      nodes,
      kind: column === 0 ? 'group' : 'agent',
      ref: id,
      name: id,
      sites: Math.min(351, nodes),
      partner: null,
      closed: false,
    });
    const boxes = Array.from({ length: first }, (_, i) => box(`group:${i}`, 0, 1500 - i));
    const edges: TrustEdge[] = [];
    agents.forEach((n, column) => {
      for (let i = 0; i < n; i++) boxes.push(box(`agent:${i}@${column + 1}`, column + 1, 0));
    });
    for (const to of boxes.filter((one) => one.column > 0)) {
      const from = boxes.filter((one) => one.column === to.column - 1);
      const sure = next() % from.length;
      for (const one of from.filter((_, i) => i === sure || next() % 2 === 0)) {
        edges.push({
          id: `${one.id}>${to.id}`,
          from: one.id,
          to: to.id,
          links: next(),
          states: {},
          rights: amounts(next()),
          degreeMilli: null,
          earliestEnd: null,
          use: { issued: none, redeemed: none, passedOn: none, free: none },
        });
      }
    }
    return { boxes, edges };
  });

type Rect = { id: string; x: number; y: number; width: number; height: number };
const apart = (a: Rect, b: Rect) =>
  a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
const rects = (layout: GraphLayout): Rect[] => [
  ...layout.boxes,
  ...layout.edges.map(({ id, label }) => ({
    id,
    x: label.x - LABEL.width / 2,
    y: label.y - LABEL.height / 2,
    ...LABEL,
  })),
];

test('no box or label over another, all inside, every edge to the right', () => {
  fc.assert(
    fc.property(fleet, fc.integer({ min: 320, max: 2400 }), (graph, width) => {
      const layout = layoutGraph(graph, 'cpuMilli', width);
      const all = rects(layout);
      for (const [i, a] of all.entries()) {
        for (const b of all.slice(i + 1)) if (!apart(a, b)) expect.fail(`${a.id} lies over ${b.id}`);
        expect(a.x >= 0 && a.y >= 0 && a.x + a.width <= layout.width && a.y + a.height <= layout.height).toBe(true);
      }
      for (const edge of layout.edges) {
        expect(edge.x1 < edge.x2).toBe(true);
        expect(edge.width).toBeGreaterThan(0);
        expect(edge.width).toBeLessThanOrEqual(16);
      }
      expect(layout.boxes).toHaveLength(graph.boxes.length);
      expect(layout.boxes.every((box) => box.width >= BOX.width && box.width <= BOX.widest)).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test('the same graph is drawn the same, in whatever order it comes', () => {
  fc.assert(
    fc.property(fleet, (graph) => {
      const again = layoutGraph({ boxes: graph.boxes, edges: [...graph.edges].reverse() }, 'cpuMilli', 1200);
      const byId = (edges: GraphLayout['edges']) => [...edges].sort((a, b) => (a.id < b.id ? -1 : 1));
      const first = layoutGraph(graph, 'cpuMilli', 1200);
      expect(again.boxes).toEqual(first.boxes);
      expect(byId(again.edges)).toEqual(byId(first.edges));
    }),
    { numRuns: 30 },
  );
});

test('by arrow keys every box and edge is reached, and each way back is a way', () => {
  fc.assert(
    fc.property(fleet, (graph) => {
      const layout = layoutGraph(graph, 'cpuMilli', 1200);
      const seen = new Set<string>();
      const open = [layout.boxes[0]?.id ?? ''];
      for (let id = open.pop(); id !== undefined; id = open.pop()) {
        if (seen.has(id)) continue;
        seen.add(id);
        for (const key of ['ArrowRight', 'ArrowLeft', 'ArrowUp', 'ArrowDown']) {
          const to = neighbour(layout, id, key);
          if (to) open.push(to);
        }
      }
      expect(seen.size).toBe(layout.boxes.length + layout.edges.length);
    }),
    { numRuns: 30 },
  );
});
