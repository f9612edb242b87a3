import type { HardResource } from '@/core/resources/vector';
import type { TrustBox, TrustEdge, TrustGraph } from '@/protocol/api/trust';

/** Where a box stands, in px from the drawing's corner. */
export type PlacedBox = TrustBox & { x: number; y: number; width: number; height: number };

/** An edge as a band from the right side of one box to the left side of another; `width` by its share of all rights. */
export type PlacedEdge = TrustEdge & {
  x1: number;
  y1: number;
  x2: number;
  y2: number;
  width: number;
  /** Where its label stands: the middle of its words. */
  label: { x: number; y: number };
};

export type GraphLayout = { width: number; height: number; boxes: PlacedBox[]; edges: PlacedEdge[]; columns: number[] };

/** `widest`: where there is room, for long names. */
export const BOX = { width: 168, widest: 264, height: 52, gap: 14 } as const;
const MARGIN = 8;
/** Above the columns: their headings. */
export const HEAD = 28;
/** Between two columns, for edges and their labels. */
const GUTTER = 160;
/** Of an edge's words; they are cut where they are longer. */
export const LABEL = { width: 144, height: 20 } as const;
const EDGE = { min: 1.5, max: 16 } as const;

/**
 * Places the graph: boxes in columns from left to right, by how far the authority came; in a column those whose edges come from higher up
 * stand higher, so that few edges cross. Nothing moves by itself: the same graph gives the same drawing. `room` is the width that the drawing may
 * use; with more columns than fit it is wider, and scrolls. Pure.
 */
export function layoutGraph(
  graph: Pick<TrustGraph, 'boxes' | 'edges'>,
  resource: HardResource,
  room: number,
): GraphLayout {
  const columns = columnsOf(graph);
  const gutters = Math.max(0, columns.length - 1) * GUTTER + 2 * MARGIN;
  const total = Math.max(room, columns.length * BOX.width + gutters);
  const fits = Math.floor((total - gutters) / Math.max(1, columns.length));
  const width = Math.min(BOX.widest, Math.max(BOX.width, fits));
  const step = columns.length > 1 ? (total - 2 * MARGIN - width) / (columns.length - 1) : 0;
  // Many edges in a gap need room below each other for their labels.
  const inGap = columns.map((_, i) => graph.edges.filter((edge) => columnOf(graph.boxes, edge.to) === i).length);
  const tallest = Math.max(1, ...columns.map((column) => column.length));
  const height = Math.max(tallest * (BOX.height + BOX.gap), ...inGap.map((n) => n * (LABEL.height + 2)), 120);
  const boxes = columns.flatMap((column, i) =>
    column.map((box, at): PlacedBox => {
      const slot = height / column.length;
      const x = MARGIN + i * step;
      return { ...box, x, y: HEAD + slot * at + (slot - BOX.height) / 2, width, height: BOX.height };
    }),
  );
  const edges = placeEdges(graph.edges, boxes, resource, HEAD + height);
  return {
    width: total,
    height: HEAD + height + MARGIN,
    boxes,
    edges,
    columns: columns.map((_, i) => MARGIN + i * step),
  };
}

/** Boxes by column; the first in the order they came, the others by the middle of where their edges come from. */
function columnsOf({ boxes, edges }: Pick<TrustGraph, 'boxes' | 'edges'>): TrustBox[][] {
  const last = Math.max(0, ...boxes.map((box) => box.column));
  const columns: TrustBox[][] = [];
  const rank = new Map<string, number>();
  for (let i = 0; i <= last; i++) {
    const column = boxes.filter((box) => box.column === i);
    if (i === 0) bySiteName(column);
    const centre = new Map(column.map((box) => [box.id, centreOf(box, edges, rank)]));
    if (i > 0)
      column.sort(
        (a, b) =>
          (centre.get(a.id) ?? 0) - (centre.get(b.id) ?? 0) ||
          (a.name < b.name ? -1 : a.name > b.name ? 1 : a.id < b.id ? -1 : 1),
      );
    for (const [at, box] of column.entries()) rank.set(box.id, (at + 0.5) / column.length);
    columns.push(column);
  }
  return columns;
}

/** Sites of an opened group by their names, in the places that sites have; what they leave out last. */
function bySiteName(column: TrustBox[]): void {
  const sites = column.filter((box) => box.kind === 'site').sort((a, b) => a.name.localeCompare(b.name, 'en'));
  const rest = column.filter((box) => box.kind === 'rest');
  const inOrder = column
    .filter((box) => box.kind !== 'rest')
    .map((box) => (box.kind === 'site' ? (sites.shift() ?? box) : box));
  column.splice(0, column.length, ...inOrder, ...rest);
}

function centreOf(box: TrustBox, edges: readonly TrustEdge[], rank: ReadonlyMap<string, number>): number {
  const into = edges.filter((edge) => edge.to === box.id);
  const links = into.reduce((sum, edge) => sum + edge.links, 0);
  return links === 0 ? 1 : into.reduce((sum, edge) => sum + (rank.get(edge.from) ?? 0) * edge.links, 0) / links;
}

/** Bands side by side at each box, in the order of where they lead; labels beside them, none over another. */
function placeEdges(
  edges: readonly TrustEdge[],
  boxes: readonly PlacedBox[],
  resource: HardResource,
  bottom: number,
): PlacedEdge[] {
  const byId = new Map(boxes.map((box) => [box.id, box]));
  const most = Math.max(1, ...edges.map((edge) => edge.rights[resource]));
  const widthOf = (edge: TrustEdge) => EDGE.min + (EDGE.max - EDGE.min) * (edge.rights[resource] / most);
  const port = (edge: TrustEdge, end: 'from' | 'to') => {
    const other = end === 'from' ? 'to' : 'from';
    const mates = edges
      .filter((each) => each[end] === edge[end])
      .sort((a, b) => (byId.get(a[other])?.y ?? 0) - (byId.get(b[other])?.y ?? 0) || (a.id < b.id ? -1 : 1));
    const box = byId.get(edge[end]);
    const at = (mates.indexOf(edge) + 1) / (mates.length + 1);
    return box ? { x: end === 'from' ? box.x + box.width : box.x, y: box.y + box.height * at } : { x: 0, y: 0 };
  };
  const placed = edges.map((edge): PlacedEdge => {
    const [from, to] = [port(edge, 'from'), port(edge, 'to')];
    const label = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
    return { ...edge, x1: from.x, y1: from.y, x2: to.x, y2: to.y, width: widthOf(edge), label };
  });
  const gaps = new Map<number, PlacedEdge[]>();
  for (const edge of placed) gaps.set(edge.x2, [...(gaps.get(edge.x2) ?? []), edge]);
  for (const gap of gaps.values()) spread(gap, bottom);
  return placed;
}

/** Moves labels of one gap apart, in their order: down where they lie over each other, then up where they would leave the drawing. */
function spread(edges: PlacedEdge[], bottom: number): void {
  const sorted = [...edges].sort((a, b) => a.label.y - b.label.y || (a.id < b.id ? -1 : 1));
  let floor = HEAD + LABEL.height / 2;
  for (const edge of sorted) {
    edge.label.y = Math.max(edge.label.y, floor);
    floor = edge.label.y + LABEL.height;
  }
  let ceiling = bottom - LABEL.height / 2;
  for (const edge of sorted.reverse()) {
    edge.label.y = Math.min(edge.label.y, ceiling);
    ceiling = edge.label.y - LABEL.height;
  }
}

/** SVG path of an edge's middle line. */
export function bandPath({ x1, y1, x2, y2 }: Pick<PlacedEdge, 'x1' | 'y1' | 'x2' | 'y2'>): string {
  const middle = round((x1 + x2) / 2);
  return `M${round(x1)} ${round(y1)}C${middle} ${round(y1)} ${middle} ${round(y2)} ${round(x2)} ${round(y2)}`;
}

const round = (n: number) => Math.round(n * 10) / 10;

function columnOf(boxes: readonly TrustBox[], id: string): number {
  return boxes.find((box) => box.id === id)?.column ?? -1;
}

/** Boxes and edges that a key leads to from the one in focus; null where it leads nowhere. */
export function neighbour(layout: GraphLayout, id: string, key: string): string | null {
  const box = layout.boxes.find((one) => one.id === id);
  const edge = layout.edges.find((one) => one.id === id);
  const topmost = (edges: readonly PlacedEdge[]) => [...edges].sort((a, b) => a.label.y - b.label.y)[0]?.id ?? null;
  if (box) {
    if (key === 'ArrowRight') return topmost(layout.edges.filter((one) => one.from === id));
    if (key === 'ArrowLeft') return topmost(layout.edges.filter((one) => one.to === id));
    const column = layout.boxes.filter((one) => one.column === box.column).sort((a, b) => a.y - b.y);
    return beside(column, id, key);
  }
  if (!edge) return layout.boxes[0]?.id ?? null;
  if (key === 'ArrowRight') return edge.to;
  if (key === 'ArrowLeft') return edge.from;
  const gap = layout.edges.filter((one) => one.x2 === edge.x2).sort((a, b) => a.label.y - b.label.y);
  return beside(gap, id, key);
}

function beside(all: readonly { id: string }[], id: string, key: string): string | null {
  const at = all.findIndex((one) => one.id === id);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[key];
  return to === undefined ? null : (all[to]?.id ?? null);
}
