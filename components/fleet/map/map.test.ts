import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arcs, cluster, isRosette, ringRadius, rosette } from './cluster';
import { fitView, flatten, MAX_ZOOM, panBy, toScreen, WORLD_WIDTH, wholeWorld, zoomAt } from './projection';

const size = { width: 900, height: 500 };
const place = fc.record({
  latitude: fc.double({ min: -90, max: 90, noNaN: true }),
  longitude: fc.double({ min: -180, max: 180, noNaN: true }),
});

describe('projection', () => {
  test('keeps north up, east right, and the world in its width', () => {
    expect(flatten(60, 10)[1]).toBeLessThan(flatten(-60, 10)[1]);
    expect(flatten(0, 100)[0]).toBeGreaterThan(flatten(0, -100)[0]);
    fc.assert(fc.property(place, (p) => Math.abs(flatten(p.latitude, p.longitude)[0]) <= WORLD_WIDTH / 2 + 1e-6));
  });

  test('shows every place of the world in the whole view', () => {
    const view = wholeWorld(size);
    fc.assert(
      fc.property(place, (p) => {
        const [x, y] = toScreen(view, flatten(p.latitude, p.longitude));
        return x >= 0 && x <= size.width && y >= 0 && y <= size.height;
      }),
    );
  });

  test('zooming holds the point under the cursor, within bounds', () => {
    const view = zoomAt(wholeWorld(size), size, 8, 450, 250);
    const under: [number, number] = [(500 - view.x) / view.scale, (240 - view.y) / view.scale];
    const [x, y] = toScreen(zoomAt(view, size, 1.5, 500, 240), under);
    expect(x).toBeCloseTo(500);
    expect(y).toBeCloseTo(240);
    expect(zoomAt(view, size, 1e9, 0, 0).scale).toBeCloseTo(wholeWorld(size).scale * MAX_ZOOM);
    expect(zoomAt(view, size, 1e-9, 0, 0)).toEqual(wholeWorld(size));
  });

  test('panning never loses the world', () => {
    const far = panBy(zoomAt(wholeWorld(size), size, 4, 0, 0), size, 1e6, -1e6);
    const [left] = toScreen(far, [-WORLD_WIDTH / 2, 0]);
    expect(left).toBeLessThan(size.width / 2);
  });

  test('fits what it is given', () => {
    const points = [flatten(52, 13), flatten(48, 2)];
    const view = fitView(points, size);
    for (const point of points) {
      const [x, y] = toScreen(view, point);
      expect(x).toBeGreaterThanOrEqual(0);
      expect(x).toBeLessThanOrEqual(size.width);
      expect(y).toBeGreaterThanOrEqual(0);
      expect(y).toBeLessThanOrEqual(size.height);
    }
    expect(fitView([], size)).toEqual(wholeWorld(size));
  });
});

describe('clusters', () => {
  const placed = fc.array(
    place.map((p) => ({ item: p, at: flatten(p.latitude, p.longitude) })),
    { maxLength: 200 },
  );

  test('hold every point once, and no two marks hide each other', () => {
    fc.assert(
      fc.property(placed, fc.double({ min: 0.5, max: 50, noNaN: true }), (points, scale) => {
        const groups = cluster(points, scale);
        const members = groups.flatMap((group) => group.members);
        expect(members).toHaveLength(points.length);
        expect(new Set(members).size).toBe(points.length);
        const rings = groups.filter((group) => !isRosette(group));
        for (const [i, a] of rings.entries()) {
          for (const b of rings.slice(i + 1)) {
            const apart = Math.hypot(a.at[0] - b.at[0], a.at[1] - b.at[1]) * scale;
            expect(apart).toBeGreaterThanOrEqual(0.9 * (ringRadius(a.members.length) + ringRadius(b.members.length)));
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  test('three nodes of one site are three points, forty are a ring at any zoom', () => {
    const at = flatten(51, 0);
    const few = cluster(
      [1, 2, 3].map((item) => ({ item, at })),
      1,
    );
    const many = cluster(
      Array.from({ length: 40 }, (_, item) => ({ item, at })),
      1e6,
    );
    expect(few.map(isRosette)).toEqual([true]);
    expect(many.map(isRosette)).toEqual([false]);
    expect(rosette(3)).toHaveLength(3);
  });

  test('the arcs of a ring go once around, each as large as its share', () => {
    const mix = arcs(['a', 'b', 'a', 'a'], ['a', 'b', 'c']);
    expect(mix.map((arc) => [arc.tone, arc.count])).toEqual([
      ['a', 3],
      ['b', 1],
    ]);
    expect(mix.at(-1)?.to).toBeCloseTo(2 * Math.PI);
    expect(mix[0]?.to).toBeCloseTo(1.5 * Math.PI);
  });
});
