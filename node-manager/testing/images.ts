import { resolve } from 'node:path';
import { ensureBaseImage } from '../images/base-image';

/** The images of all tests of this clone: `base` takes half a minute to build, once. */
export const TEST_IMAGES = process.env.MERIDIAN_TEST_IMAGES || resolve(import.meta.dirname, '../../.data/test-images');

/** Why `base` cannot be had here, said aloud; null when it is there: give daemons MERIDIAN_NODE_IMAGES=TEST_IMAGES then. */
export async function baseLacks(test: string): Promise<string | null> {
  try {
    await ensureBaseImage(TEST_IMAGES, process.env.MERIDIAN_NODE_MIRROR || null, AbortSignal.timeout(180_000));
    return null;
  } catch (err) {
    const why = err instanceof Error ? err.message : String(err);
    console.warn(`SKIPPED ${test}: the image base cannot be built here: ${why}`);
    return why;
  }
}
