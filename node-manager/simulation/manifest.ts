import { z } from 'zod';
import { Refused } from '@/core/errors';
import { HardAmountsSchema } from '@/protocol/resources';
import { BEHAVIOURS } from '../drivers/simulated';

/** One simulated node: a line of the manifest. */
export const ManifestLine = z.strictObject({
  node: z.string().max(256).startsWith('urn:publicid:IDN+'),
  /** Enrolment token; null once the node is enrolled. */
  token: z.string().max(2048).nullable(),
  behaviour: z.enum(BEHAVIOURS).default('normal'),
  /** How long a sliver takes to start, in ms. */
  startMs: z.int().min(0).max(600_000).default(30),
  capacity: HardAmountsSchema.optional(),
});
export type ManifestLine = z.infer<typeof ManifestLine>;

/** At most so many nodes in one process. */
const MAX_NODES = 20_000;

/** Reads a manifest, JSON lines; empty lines are nothing. Throws Refused CONFIG_INVALID that names the line and the field. */
export function readManifest(text: string): ManifestLine[] {
  const lines: ManifestLine[] = [];
  const seen = new Set<string>();
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const wrong = (problem: string) =>
      new Refused('CONFIG_INVALID', { variable: 'MERIDIAN_SIMULATOR_MANIFEST', problem: `line ${i + 1}: ${problem}` });
    let json: unknown;
    try {
      json = JSON.parse(line);
    } catch {
      throw wrong('not JSON');
    }
    const parsed = ManifestLine.safeParse(json);
    if (!parsed.success)
      throw wrong(`${parsed.error.issues[0]?.path.join('.') || 'line'}: ${parsed.error.issues[0]?.message}`);
    if (seen.has(parsed.data.node)) throw wrong(`${parsed.data.node} stands there twice`);
    seen.add(parsed.data.node);
    lines.push(parsed.data);
    if (lines.length > MAX_NODES) throw wrong(`more than ${MAX_NODES} nodes`);
  }
  return lines;
}

export function writeManifest(lines: readonly ManifestLine[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}
