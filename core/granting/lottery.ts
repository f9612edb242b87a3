import { Refused } from '../errors';
import type { Ask, GrantingPolicy, Situation, Verdict } from './policy';
import { scarcest } from './scarcity';

type Lottery = Extract<GrantingPolicy, { kind: 'lottery' }>;

/**
 * While there is enough for all, everything is granted. When a resource is short, each sliver asked for is drawn by lot between the sites
 * that want some, by their weights, and granted when the asking site wins. A lot depends on the seed, the slice and the drawing (one each
 * `drawSeconds`), so that asking again within a drawing changes nothing, and whoever knows the seed can draw it again.
 */
export function lottery(policy: Lottery, ask: Ask, situation: Situation): Verdict {
  if (!scarcest(ask, situation)) return { grant: ask.count, reason: null, record: null };
  const drawing = Math.floor(ask.at / 1000 / policy.drawSeconds);
  const lot = `${ask.slice} ${drawing}`;
  const sites = [...new Set([ask.site, ...situation.waiting.keys()])].sort();
  const weights = Object.fromEntries(sites.map((site) => [site, weightOf(policy, site)]));
  const grant = drawn(policy.seed, lot, weights, ask.site, ask.count);
  const record = { kind: 'lottery' as const, seed: policy.seed, lot, weights };
  if (grant === ask.count) return { grant, reason: null, record };
  const facts = {
    policy: 'lottery',
    site: ask.site,
    weight: weights[ask.site] ?? 0,
    weights: Object.values(weights).reduce((sum, one) => sum + one, 0),
    drawn: grant,
    wants: ask.count,
    lot,
    nextAt: new Date((drawing + 1) * policy.drawSeconds * 1000).toISOString(),
  };
  return { grant, reason: new Refused('POLICY_DENIED', facts).reason, record };
}

/** How many of `count` lots the site wins. The same for the same seed and lot, for ever: how a decision is checked afterwards. */
export function drawn(
  seed: string,
  lot: string,
  weights: Readonly<Record<string, number>>,
  site: string,
  count: number,
): number {
  const all = Object.entries(weights).sort(([a], [b]) => (a < b ? -1 : 1));
  const sum = all.reduce((total, [, weight]) => total + weight, 0);
  const below = all.reduce((total, [name, weight]) => (name < site ? total + weight : total), 0);
  const own = weights[site] ?? 0;
  const next = random(`${seed}\n${lot}`);
  let won = 0;
  for (let i = 0; i < count; i++) {
    const at = next() * sum;
    if (at >= below && at < below + own) won += 1;
  }
  return won;
}

function weightOf(policy: Lottery, site: string): number {
  return Object.hasOwn(policy.sites, site) ? (policy.sites[site] ?? 0) : policy.weight;
}

/**
 * Numbers in [0, 1) that a text determines: cyrb128 makes the state of sfc32 of it (public domain; both are on
 * github.com/bryc/code). Good enough for lots; no secret depends on it.
 */
function random(text: string): () => number {
  let [h1, h2, h3, h4] = [1779033703, 3144134277, 1013904242, 2773480762];
  for (let i = 0; i < text.length; i++) {
    const k = text.charCodeAt(i);
    h1 = h2 ^ Math.imul(h1 ^ k, 597399067);
    h2 = h3 ^ Math.imul(h2 ^ k, 2869860233);
    h3 = h4 ^ Math.imul(h3 ^ k, 951274213);
    h4 = h1 ^ Math.imul(h4 ^ k, 2716044179);
  }
  h1 = Math.imul(h3 ^ (h1 >>> 18), 597399067);
  h2 = Math.imul(h4 ^ (h2 >>> 22), 2869860233);
  h3 = Math.imul(h1 ^ (h3 >>> 17), 951274213);
  h4 = Math.imul(h2 ^ (h4 >>> 19), 2716044179);
  let [a, b, c, d] = [h1 ^ h2 ^ h3 ^ h4, h2, h3, h4];
  const next = () => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 4294967296;
  };
  for (let i = 0; i < 12; i++) next();
  return next;
}
