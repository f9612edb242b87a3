/** The part of a slice's spec that says how many slivers it has, and where. */
export type Placement = {
  /** Chosen by the broker, besides the picked ones. */
  count: number;
  /** Node URNs */
  picked: readonly string[];
  onlyCountries: readonly string[];
  minimum: number;
  minCountries: number;
  /** Further slivers in countries of their own. */
  more: readonly { count: number; onlyCountries: readonly string[] }[];
};

/** What a slice is to have more. */
export type Growth = { count: number; picked: readonly string[]; onlyCountries: readonly string[] };

/** A place of a slice: on that node (null: on none yet), for that part of the spec. */
export type Place = { node: string | null; part: number };

/** How many slivers it is to have in all. */
export function placesOf({ count, picked, more }: Pick<Placement, 'count' | 'picked' | 'more'>): number {
  return count + picked.length + more.reduce((sum, part) => sum + part.count, 0);
}

/** How many each part wants, and in which countries. Part 0 is the slice's own, with the picked nodes. */
export function partsOf(p: Placement): { part: number; wants: number; onlyCountries: readonly string[] }[] {
  const own = { part: 0, wants: p.count + p.picked.length, onlyCountries: p.onlyCountries };
  return [own, ...p.more.map((m, i) => ({ part: i + 1, wants: m.count, onlyCountries: m.onlyCountries }))];
}

/**
 * With the growth. Chosen ones in countries of their own are a part of their own, so that what later stands in for one of them is
 * there too. The minimum stays: the new slivers are best effort.
 */
export function grown<P extends Placement>(p: P, { count, picked, onlyCountries }: Growth): P {
  const apart = onlyCountries.length > 0 && count > 0;
  return {
    ...p,
    count: apart ? p.count : p.count + count,
    picked: [...new Set([...p.picked, ...picked])],
    more: apart ? [...p.more, { count, onlyCountries: [...onlyCountries] }] : p.more,
  };
}

/** Without these places. `standing`: nodes with a sliver that stays. A minimum larger than what is left becomes all of it. */
export function shrunk<P extends Placement>(p: P, places: readonly Place[], standing: ReadonlySet<string>): P {
  const more = p.more.map((part) => ({ ...part }));
  let { count } = p;
  let picked = [...p.picked];
  for (const { node, part } of places) {
    const own = part > 0 ? more[part - 1] : undefined;
    if (own) own.count = Math.max(0, own.count - 1);
    else if (node !== null && picked.includes(node)) picked = picked.filter((urn) => urn !== node);
    else if (count > 0) count -= 1;
    else {
      // A stand-in for a picked node goes: that node is not wanted back either.
      const vacant = picked.findLastIndex((urn) => !standing.has(urn));
      picked.splice(vacant < 0 ? picked.length - 1 : vacant, 1);
    }
  }
  const left = placesOf({ count, picked, more });
  return {
    ...p,
    count,
    picked,
    more,
    minimum: Math.max(1, Math.min(p.minimum, left)),
    minCountries: Math.max(1, Math.min(p.minCountries, left)),
  };
}

/** A place went from one node to another: the node that was left is not wanted back. As many places as before. */
export function moved<P extends Placement>(p: P, from: Place, to: { node: string; picked: boolean }): P {
  if (from.part > 0) return p;
  let { count } = p;
  let picked = [...p.picked];
  if (from.node !== null && picked.includes(from.node)) {
    picked = picked.filter((urn) => urn !== from.node);
    count += 1;
  }
  if (to.picked && !picked.includes(to.node) && count > 0) {
    picked.push(to.node);
    count -= 1;
  }
  return { ...p, count, picked };
}
