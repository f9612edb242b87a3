/** How many signatures are in flight at once: enough to keep libuv's threads busy, few enough to stay small. */
export const BATCH_IN_FLIGHT = 64;

/** Runs `work` over the items with a bound, in order of the items in the answer. The first failure fails all. */
export async function inBatches<A, B>(
  items: readonly A[],
  work: (item: A) => Promise<B>,
  inFlight = BATCH_IN_FLIGHT,
): Promise<B[]> {
  const results: B[] = new Array(items.length);
  let next = 0;
  const lane = async () => {
    while (next < items.length) {
      const at = next++;
      // In bounds by the loop's condition; `items` may hold undefined, so no check stands in for it.
      results[at] = await work(items[at] as A);
    }
  };
  await Promise.all(Array.from({ length: Math.min(inFlight, items.length) }, lane));
  return results;
}
