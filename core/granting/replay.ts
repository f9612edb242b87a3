import type { Reason } from '../errors';
import { add, HARD_RESOURCES, type HardAmounts, NOTHING, subtract, times } from '../resources/vector';
import { decide, waitSecondsOf } from './decide';
import { type GrantingPolicy, HELD_NOTHING, type Held } from './policy';

/** A request as it was. `asked`: nodes, without those refused for what no policy changes (closed, away); `at`, `until`: epoch ms. */
export type PastRequest = {
  at: number;
  /** When what it got was free again, or would have been. */
  until: number;
  site: string;
  slice: string;
  asked: number;
  granted: number;
  each: HardAmounts;
};

export type SiteReplay = { site: string; requests: number; asked: number; granted: number; would: number };
export type DeniedRequest = {
  at: number;
  site: string;
  slice: string;
  asked: number;
  granted: number;
  would: number;
  reason: Reason;
};
export type Replay = {
  /** By what they would be given less, the most first. */
  sites: SiteReplay[];
  /** Requests of which the policy would have given less than there was room for: the last ones, the latest first. */
  denied: DeniedRequest[];
  deniedCount: number;
};

const MAX_DENIED = 200;
type Grant = { until: number; site: string; amounts: Held };

/**
 * What a policy would have made of past requests, in their order, of an agent that has `total` to give. Room is looked at in sum, not by node.
 * A request after one of the same slice that got less is its next try: it asks only for what it would still have lacked.
 */
export function replay(policy: GrantingPolicy, history: readonly PastRequest[], total: HardAmounts): Replay {
  const held = new Map<string, Held>();
  const grants: Grant[] = [];
  const unmet = new Map<string, { site: string; amounts: HardAmounts; at: number }>();
  const ahead = new Map<string, number>();
  const sites = new Map<string, SiteReplay>();
  const denied: DeniedRequest[] = [];
  let deniedCount = 0;
  let free = total;
  const waitMs = waitSecondsOf(policy) * 1000;
  for (const request of history.toSorted((a, b) => a.at - b.at)) {
    const { at, until, site, slice, each } = request;
    for (let next = grants[0]; next && next.until <= at; next = grants[0]) {
      removeFirst(grants);
      free = add(free, next.amounts);
      held.set(next.site, less(held.get(next.site), next.amounts));
    }
    const had = Math.min(ahead.get(slice) ?? 0, request.asked);
    const asked = request.asked - had;
    const fits = Math.max(
      0,
      Math.min(asked, ...HARD_RESOURCES.map((r) => (each[r] > 0 ? Math.floor(free[r] / each[r]) : asked))),
    );
    for (const [of, one] of unmet) if (one.at + waitMs <= at) unmet.delete(of);
    const verdict = decide(
      policy,
      { site, slice, count: fits, each, at },
      { total, held, waiting: waitingOf(unmet, slice) },
    );
    const would = verdict.grant;
    if (would > 0 && until > at) {
      const amounts = { ...times(each, would), slivers: would };
      insert(grants, { until, site, amounts });
      free = subtract(free, amounts);
      held.set(site, more(held.get(site), amounts));
    }
    unmet.delete(slice);
    if (would < asked) unmet.set(slice, { site, amounts: times(each, asked - would), at });
    ahead.set(slice, Math.max(0, had + would - request.granted));
    const sum = sites.get(site) ?? { site, requests: 0, asked: 0, granted: 0, would: 0 };
    sites.set(site, {
      site,
      requests: sum.requests + 1,
      asked: sum.asked + asked,
      granted: sum.granted + request.granted,
      would: sum.would + would,
    });
    if (!verdict.reason) continue;
    deniedCount += 1;
    denied.push({
      at,
      site,
      slice,
      asked,
      granted: request.granted,
      would,
      reason: verdict.reason,
    });
    if (denied.length > MAX_DENIED) denied.shift();
  }
  const ordered = [...sites.values()].sort(
    (a, b) => a.would - a.granted - (b.would - b.granted) || (a.site < b.site ? -1 : 1),
  );
  return { sites: ordered, denied: denied.reverse(), deniedCount };
}

function waitingOf(unmet: ReadonlyMap<string, { site: string; amounts: HardAmounts }>, slice: string) {
  const waiting = new Map<string, HardAmounts>();
  for (const [of, { site, amounts }] of unmet)
    if (of !== slice) waiting.set(site, add(waiting.get(site) ?? NOTHING, amounts));
  return waiting;
}

function more(has: Held = HELD_NOTHING, by: Held): Held {
  return { ...add(has, by), slivers: has.slivers + by.slivers };
}

function less(has: Held = HELD_NOTHING, by: Held): Held {
  return { ...subtract(has, by), slivers: has.slivers - by.slivers };
}

/** The list is a binary heap by `until`: its first is what ends next. */
function insert(heap: Grant[], grant: Grant): void {
  heap.push(grant);
  for (let i = heap.length - 1; i > 0; ) {
    const above = (i - 1) >> 1;
    if (untilAt(heap, above) <= untilAt(heap, i)) return;
    swap(heap, i, above);
    i = above;
  }
}

function removeFirst(heap: Grant[]): void {
  const last = heap.pop();
  if (!last || heap.length === 0) return;
  heap[0] = last;
  for (let i = 0; ; ) {
    const [left, right] = [2 * i + 1, 2 * i + 2];
    const lower = untilAt(heap, right) < untilAt(heap, left) ? right : left;
    if (untilAt(heap, lower) >= untilAt(heap, i)) return;
    swap(heap, i, lower);
    i = lower;
  }
}

function untilAt(heap: readonly Grant[], i: number): number {
  return heap[i]?.until ?? Number.POSITIVE_INFINITY;
}

function swap(heap: Grant[], a: number, b: number): void {
  const [x, y] = [heap[a], heap[b]];
  if (x && y) [heap[a], heap[b]] = [y, x];
}
