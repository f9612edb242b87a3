/**
 * A balanced tree of what is held over time: a leaf's items are instants at which the load changes, with the load from then on;
 * an inner node's are subtrees, with the load before each and the highest and lowest inside it. All loads are counted from the
 * node's own beginning, so that a change leaves what lies beside it alone. A question about any span reads two paths from the root,
 * however many changes lie between them. A B+ tree: a node's few arrays are few cache misses. Whole numbers, so sums are exact
 * (to 2^53).
 */
export type LoadNode = {
  /** First instant of each item, ascending. */
  at: number[];
  /** Highest load in item i of column c, at [i × COLUMNS + c]. In a leaf, `high`, `low` and `before` are one array: the load from then on. */
  high: number[];
  low: number[];
  /** The load before the item begins. */
  before: number[];
  /** Null in a leaf. */
  children: LoadNode[] | null;
};

/** Items in a node: it splits beyond this. */
const WIDTH = 32;
/** One for each hard resource. */
export const COLUMNS = 4;
export type Column = 0 | 1 | 2 | 3;

export function emptyLeaf(): LoadNode {
  return leafOf([], []);
}

/** Adds the amounts to the load from the instant on, and gives the root from now on. An instant that changes nothing is dropped. */
export function changeFrom(root: LoadNode, instant: number, amounts: readonly number[]): LoadNode {
  const right = change(root, instant, amounts);
  if (right) {
    const none = new Array<number>(COLUMNS).fill(0);
    const top: LoadNode = {
      at: [0, 0],
      high: [],
      low: [],
      before: [...none, ...right.offset],
      children: [root, right.node],
    };
    describe(top, 0);
    describe(top, 1);
    return top;
  }
  let top = root;
  while (top.children?.length === 1 && top.children[0]) top = top.children[0];
  return top.children?.length === 0 ? emptyLeaf() : top;
}

/** Index of the last item that begins at or before the instant; −1 when all begin later. */
export function indexAt(node: LoadNode, instant: number): number {
  const { at } = node;
  let low = 0;
  let high = at.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((at[middle] ?? 0) <= instant) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** A node's right half that became a node of its own, and the load before it, counted from the left half's beginning. */
type Half = { node: LoadNode; offset: number[] };

function change(node: LoadNode, instant: number, amounts: readonly number[]): Half | null {
  const { children } = node;
  if (!children) {
    changeLeaf(node, instant, amounts);
  } else {
    const i = Math.max(0, indexAt(node, instant));
    const child = children[i];
    if (!child) return null;
    const right = change(child, instant, amounts);
    for (const loads of [node.before, node.high, node.low]) addFrom(loads, i + 1, amounts);
    if (right) {
      children.splice(i + 1, 0, right.node);
      node.at.splice(i + 1, 0, 0);
      const [a, b, c, d] = right.offset.map((load, column) => load + (node.before[i * COLUMNS + column] ?? 0));
      for (const loads of [node.before, node.high, node.low])
        loads.splice((i + 1) * COLUMNS, 0, a ?? 0, b ?? 0, c ?? 0, d ?? 0);
      describe(node, i + 1);
    }
    describe(node, i);
    if (child.at.length < WIDTH / 4) shrink(node, children, i);
  }
  return node.at.length > WIDTH ? split(node) : null;
}

function changeLeaf(leaf: LoadNode, instant: number, amounts: readonly number[]): void {
  const loads = leaf.high;
  let i = indexAt(leaf, instant);
  if (i < 0 || leaf.at[i] !== instant) {
    i += 1;
    leaf.at.splice(i, 0, instant);
    const j = (i - 1) * COLUMNS;
    loads.splice(i * COLUMNS, 0, loads[j] ?? 0, loads[j + 1] ?? 0, loads[j + 2] ?? 0, loads[j + 3] ?? 0);
  }
  addFrom(loads, i, amounts);
  for (let c = 0; c < COLUMNS; c++) if (loads[i * COLUMNS + c] !== (i > 0 ? loads[(i - 1) * COLUMNS + c] : 0)) return;
  drop(leaf, i);
}

/** Adds to the loads of an item and all after it. */
function addFrom(loads: number[], item: number, amounts: readonly number[]): void {
  for (let j = item * COLUMNS; j < loads.length; j += COLUMNS)
    for (let c = 0; c < COLUMNS; c++) loads[j + c] = (loads[j + c] ?? 0) + (amounts[c] ?? 0);
}

/** Writes down anew what the node knows of its child. */
function describe(node: LoadNode, i: number): void {
  const child = node.children?.[i];
  if (!child) return;
  node.at[i] = child.at[0] ?? node.at[i] ?? 0;
  for (let c = 0; c < COLUMNS; c++) {
    let high = Number.NEGATIVE_INFINITY;
    let low = Number.POSITIVE_INFINITY;
    for (let j = c; j < child.high.length; j += COLUMNS) {
      high = Math.max(high, child.high[j] ?? 0);
      low = Math.min(low, child.low[j] ?? 0);
    }
    const before = node.before[i * COLUMNS + c] ?? 0;
    node.high[i * COLUMNS + c] = before + high;
    node.low[i * COLUMNS + c] = before + low;
  }
}

function split(node: LoadNode): Half {
  const half = node.at.length >> 1;
  const from = half * COLUMNS;
  // What is held before the right half: before its first subtree, or from the left half's last instant on.
  const base = node.children ? from : from - COLUMNS;
  const offset = node.before.slice(base, base + COLUMNS);
  const back = offset.map((load) => -load);
  const cut = (loads: number[]) => {
    const right = loads.splice(from);
    addFrom(right, 0, back);
    return right;
  };
  const at = node.at.splice(half);
  if (!node.children) return { node: leafOf(at, cut(node.high)), offset };
  const [high, low, before] = [cut(node.high), cut(node.low), cut(node.before)];
  return { node: { at, high, low, before, children: node.children.splice(half) }, offset };
}

/** Joins a child that has become small with its neighbour, or drops it when nothing is left of it. */
function shrink(node: LoadNode, children: LoadNode[], i: number): void {
  const left = Math.max(0, i - 1);
  const [a, b] = [children[left], children[left + 1]];
  if (children[i]?.at.length === 0) drop(node, i);
  else if (a && b && a.at.length + b.at.length <= WIDTH / 2) {
    const offset = columnsOf(
      (c) => (node.before[(left + 1) * COLUMNS + c] ?? 0) - (node.before[left * COLUMNS + c] ?? 0),
    );
    const join = (to: number[], loads: number[]) => {
      addFrom(loads, 0, offset);
      to.push(...loads);
    };
    a.at.push(...b.at);
    join(a.high, b.high);
    if (a.children && b.children) {
      join(a.low, b.low);
      join(a.before, b.before);
      a.children.push(...b.children);
    }
    drop(node, left + 1);
    describe(node, left);
  }
}

function drop(node: LoadNode, i: number): void {
  node.children?.splice(i, 1);
  node.at.splice(i, 1);
  for (const loads of node.children ? [node.high, node.low, node.before] : [node.high])
    loads.splice(i * COLUMNS, COLUMNS);
}

function leafOf(at: number[], loads: number[]): LoadNode {
  return { at, high: loads, low: loads, before: loads, children: null };
}

function columnsOf(value: (column: number) => number): number[] {
  return [value(0), value(1), value(2), value(3)];
}
