import { type AdmissionBook, admissionBook, type Claim } from '@/core/admission/admission';
import { fitOf } from '@/core/admission/fit';
import { HARD_RESOURCES, type HardAmounts } from '@/core/resources/vector';

/**
 * What one dry run (`check`) costs in books of 100, 10,000 and 100,000 reservations: does it fit, else what is short, when it
 * would fit, and what would fit instead. Reservations start anywhere in sixty days, past and future, and last from an hour to four
 * weeks, so that about a fifth of all overlap at any instant; capacity is such that about half of the asks fit. Every book and
 * every ask is new in each round. The sizes take turns, so that a busy machine is busy for all of them; the median of the rounds
 * counts. `limit` is the cost in the smallest book: its ratio says how near to flat the cost is.
 */
const SIZES = [100, 10_000, 100_000];
const ROUNDS = 5;
const ASKS = 2_000;
/** Asks that are timed together; what else the machine does then hits few of them. */
const BATCH = 20;
const SAMPLE = 1_001;
const WARM_UP = 20_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const HORIZON = 60 * DAY;

export async function run() {
  warmUp();
  const taken = SIZES.map((): { check: number; enter: number; fits: number }[] => []);
  for (let round = 0; round < ROUNDS; round++)
    for (const [i, size] of SIZES.entries()) taken[i]?.push(measure(size, round * 1_000_003 + size));
  const of = (i: number, what: 'check' | 'enter') => median((taken[i] ?? []).map((one) => one[what]));
  const rows = (name: string, what: 'check' | 'enter') =>
    SIZES.map((size, i) => {
      const value = of(i, what);
      const limit = of(0, what);
      return { case: `${name}-${size}`, value, unit: 'µs', ...(i > 0 ? { limit, ratio: limit / value } : {}) };
    });
  for (const [i, size] of SIZES.entries())
    console.log(`of ${size}: ${Math.round(median((taken[i] ?? []).map((one) => one.fits)) * 100)} % of the asks fit`);
  return { rows: [...rows('check', 'check'), ...rows('enter', 'enter')] };
}

/** µs for one check, µs for entering one reservation, and how many of the asks fit. */
function measure(size: number, seed: number) {
  const random = generator(seed);
  const claims = Array.from({ length: size }, () => claim(random));
  const book = admissionBook(capacityFor(claims, random));
  let began = performance.now();
  fill(book, claims);
  const enter = ((performance.now() - began) * 1000) / size;
  const asks = Array.from({ length: ASKS }, () => claim(random));
  let fits = 0;
  const batches: number[] = [];
  for (let i = 0; i < ASKS; i += BATCH) {
    began = performance.now();
    for (const ask of asks.slice(i, i + BATCH)) if (fitOf(book, ask).fits) fits += 1;
    batches.push(((performance.now() - began) * 1000) / BATCH);
  }
  return { check: median(batches), enter, fits: fits / ASKS };
}

/** Compiles what is measured, on books of all sizes, none of which is used again. */
function warmUp(): void {
  const random = generator(7);
  for (const size of [50, 100, 3_000, 30_000]) {
    const claims = Array.from({ length: size }, () => claim(random));
    const book = admissionBook(capacityFor(claims, random));
    fill(book, claims);
    for (let i = 0; i < WARM_UP / 4; i++) fitOf(book, claim(random));
  }
}

function fill(book: AdmissionBook, claims: readonly Claim[]): void {
  for (const [i, one] of claims.entries()) book.add(String(i), one);
}

/** An hour to four weeks, of one to a hundred units of each resource. */
function claim(random: () => number): Claim {
  const start = Math.floor(random() * HORIZON);
  const length = HOUR + Math.floor(random() * (28 * DAY - HOUR));
  const unit = () => 1 + Math.floor(random() * 100);
  return {
    start,
    end: start + length,
    amounts: { cpuMilli: unit(), memoryMiB: unit(), diskMiB: unit(), networkKbps: unit() },
  };
}

/** So much of each resource that half of all asks fit beside the claims: found with other asks than those that are measured. */
function capacityFor(claims: readonly Claim[], random: () => number): HardAmounts {
  const open = admissionBook(all(Number.MAX_SAFE_INTEGER));
  fill(open, claims);
  const needs = Array.from({ length: SAMPLE }, () => {
    const ask = claim(random);
    const peak = open.peakUse(ask);
    return Math.max(...HARD_RESOURCES.map((r) => peak[r] + ask.amounts[r]));
  });
  return all(Math.ceil(median(needs)));
}

const all = (n: number): HardAmounts => ({ cpuMilli: n, memoryMiB: n, diskMiB: n, networkKbps: n });

/** mulberry32: the same numbers for the same seed. */
function generator(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = a;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
