import { type Reason, Refused } from '../errors';
import { movesAtOnce } from '../slice/change';
import { type Placement, partsOf } from '../slice/placement';
import type { BrokerNode, Wanted } from './candidate';
import { chooseSubstitutes } from './choose-nodes';

/** A sliver that the slice has or had. */
export type FillSliver = {
  id: string;
  nodeUrn: string;
  part: number;
  desired: string;
  reported: string;
  goneAt: Date | null;
  createdAt: Date;
  /** Another one stands in for it. */
  substituted: boolean;
  /** An agent’s policy gave nothing for it: other nodes would not change that. */
  denied: boolean;
  givenUpAt: Date | null;
};

/** A move that is not through, oldest first. */
export type OpenMove = {
  id: string;
  fromId: string;
  toId: string | null;
  targetNode: string | null;
  otherSite: boolean;
  tried: readonly string[];
};

export type Addition = {
  node: string;
  picked: boolean;
  substituteForId: string | null;
  part: number;
  /** The move that it is for. */
  moveId: string | null;
};

export type Fill = {
  slivers: Addition[];
  /** Moves for which there is no node. */
  failedMoves: { id: string; reason: Reason }[];
  /** Places stay empty that nothing can be done about now. */
  exhausted: boolean;
};

/** Is it wanted, and has it not come to nothing? */
export function stands(v: Pick<FillSliver, 'desired' | 'goneAt' | 'reported'>): boolean {
  return v.desired === 'running' && !v.goneAt && v.reported !== 'failed' && v.reported !== 'gone';
}

/**
 * What a slice that has slivers already is to get: for its empty places, part by part, and for moves whose turn it is. Of the two slivers of a move
 * one counts: the new one is more than the slice's count until the old one goes. Where nothing may stand in for what failed, its
 * place stays taken. `since`: epoch ms; nodes that failed before it may be tried again. Pure.
 */
export function fillPlaces(
  spec: Placement & Wanted & { substitute: boolean },
  slivers: readonly FillSliver[],
  moves: readonly OpenMove[],
  nodes: readonly BrokerNode[],
  options: { seed: string; since: number },
): Fill {
  const byId = new Map(slivers.map((v) => [v.id, v]));
  const incoming = new Map(moves.flatMap((m) => (m.toId ? [[m.toId, m] as const] : [])));
  const isThere = (id: string | null) => {
    const v = id === null ? undefined : byId.get(id);
    return v !== undefined && stands(v);
  };
  // The new sliver of a move counts where the old one does not.
  const counted = slivers.filter((v) => stands(v) && !isThere(incoming.get(v.id)?.fromId ?? null));
  const awaited = moves.filter((m) => !isThere(m.fromId) && !isThere(m.toId));
  const recent = slivers.filter((v) => v.createdAt.getTime() >= options.since);
  const moving = new Set(moves.map((m) => m.fromId));
  const unmet = (v: FillSliver) => !stands(v) && !v.substituted && !v.givenUpAt && !moving.has(v.id);
  const blocked = recent.filter((v) => unmet(v) && (v.denied || (!spec.substitute && v.reported === 'failed')));

  const exclude = new Set([
    ...slivers.filter((v) => !v.goneAt).map((v) => v.nodeUrn),
    ...recent.filter((v) => v.reported === 'failed').map((v) => v.nodeUrn),
  ]);
  const shunned = slivers.filter((v) => v.reported === 'failed' || v.givenUpAt).map((v) => v.nodeUrn);
  const additions: Addition[] = [];
  const taken = () => [...exclude, ...additions.map((a) => a.node)];
  const choose = (onlyCountries: readonly string[], count: number, without: string[], standing: string[]) =>
    chooseSubstitutes({ ...spec, onlyCountries }, nodes, {
      standing: [...standing, ...additions.map((a) => a.node)],
      count,
      exclude: new Set([...taken(), ...without]),
      seed: options.seed,
    });

  let missing = 0;
  let filled = 0;
  const standing = counted.map((v) => v.nodeUrn);
  for (const { part, wants, onlyCountries } of partsOf(spec)) {
    const of = (list: readonly FillSliver[]) => list.filter((v) => v.part === part);
    const coming = awaited.filter((m) => byId.get(m.fromId)?.part === part).length;
    const empty = Math.max(0, wants - of(counted).length - coming);
    const free = Math.max(0, empty - of(blocked).length);
    missing += empty;
    const picked = part > 0 ? [] : spec.picked.filter((node) => !exclude.has(node)).slice(0, free);
    const replaced = of(slivers).filter((v) => unmet(v) && !incoming.has(v.id) && !picked.includes(v.nodeUrn));
    for (const node of picked) additions.push({ node, picked: true, substituteForId: null, part, moveId: null });
    const chosen = choose(onlyCountries, free - picked.length, shunned, standing).map((node) => ({ node }));
    for (const { node } of chosen) additions.push({ node, picked: false, substituteForId: null, part, moveId: null });
    const rest = free - picked.length - chosen.length;
    if (rest > 0)
      for (const node of choose(onlyCountries, rest, [], standing))
        additions.push({ node, picked: false, substituteForId: null, part, moveId: null });
    const own = additions.filter((a) => a.part === part && !a.picked);
    own.forEach((a, i) => {
      a.substituteForId = replaced[i]?.id ?? null;
    });
    filled += own.length + picked.length;
  }

  const failedMoves: Fill['failedMoves'] = [];
  const fail = (id: string, refused: Refused) => failedMoves.push({ id, reason: refused.reason });
  let slots = movesAtOnce(counted.length) - moves.filter((m) => m.toId !== null).length;
  for (const move of moves) {
    if (move.toId !== null || slots <= 0) continue;
    const from = byId.get(move.fromId);
    if (!from) continue;
    const found = move.targetNode ?? another(move, from);
    if (move.targetNode !== null && exclude.has(move.targetNode)) {
      fail(
        move.id,
        new Refused('CONFLICT', {
          kind: 'node',
          id: move.targetNode,
          problem: 'it has one of the slice’s slivers already, or failed one',
        }),
      );
    } else if (found === null) fail(move.id, new Refused('NOT_ENOUGH_NODES', { wants: 1, matching: 0 }));
    else {
      const picked = move.targetNode !== null;
      additions.push({ node: found, picked, substituteForId: null, part: from.part, moveId: move.id });
      slots -= 1;
    }
  }
  return { slivers: additions, failedMoves, exhausted: filled < missing };

  function another(move: OpenMove, from: FillSliver): string | null {
    const site = nodes.find((n) => n.node === from.nodeUrn)?.site;
    const near = move.otherSite && site !== undefined ? nodes.filter((n) => n.site === site).map((n) => n.node) : [];
    const countries = partsOf(spec)[from.part]?.onlyCountries ?? spec.onlyCountries;
    const rest = standing.filter((node) => node !== from.nodeUrn);
    for (const without of [shunned, []]) {
      const node = choose(countries, 1, [...without, ...near, ...move.tried, from.nodeUrn], rest)[0];
      if (node !== undefined) return node;
    }
    return null;
  }
}
