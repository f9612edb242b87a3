import type { Reason } from '../errors';

/** Nodes with room, counted by site and country; `picked` ones are those that the person named. */
export type MatchingGroup = { siteId: string; country: string | null; picked: boolean; nodes: number };

export type Matching = {
  /** Nodes that match, at most `maxPerSite` of one site beside its picked ones. */
  nodes: number;
  countries: number;
  /** Of these, the ones that the broker may choose. */
  choosable: number;
};

/** What of the groups a spec could use. Picked nodes count even where they alone exceed `maxPerSite`, as the broker does. */
export function matchingOf(
  groups: readonly MatchingGroup[],
  picked: readonly { siteId: string; country: string | null }[],
  maxPerSite: number,
): Matching {
  const room = new Map<string, number>();
  for (const { siteId } of groups) room.set(siteId, maxPerSite);
  for (const { siteId } of picked) room.set(siteId, Math.max(0, (room.get(siteId) ?? maxPerSite) - 1));
  const countries = new Set(picked.flatMap((node) => node.country ?? []));
  let choosable = 0;
  let pickedNow = 0;
  for (const group of groups) {
    if (group.picked) {
      pickedNow += group.nodes;
      continue;
    }
    const left = room.get(group.siteId) ?? 0;
    const usable = Math.min(left, group.nodes);
    if (usable > 0 && group.country) countries.add(group.country);
    room.set(group.siteId, left - usable);
    choosable += usable;
  }
  return { nodes: choosable + pickedNow, countries: countries.size, choosable };
}

/** Why the fleet, as it is now, could not give what is asked for; the fields of the form it is said beside. */
export function matchingProblems(
  wants: { count: number; picked: number; minCountries: number },
  matching: Matching,
): { field: string; reason: Reason }[] {
  const problems: { field: string; reason: Reason }[] = [];
  if (wants.count > matching.choosable) {
    const facts = { wants: wants.count + wants.picked, matching: matching.choosable + wants.picked };
    problems.push({ field: 'count', reason: { code: 'NOT_ENOUGH_NODES', facts } });
  }
  if (wants.minCountries > matching.countries) {
    const facts = { wants: wants.minCountries, matching: matching.countries };
    problems.push({ field: 'minCountries', reason: { code: 'NOT_ENOUGH_COUNTRIES', facts } });
  }
  return problems;
}
