// @ts-check
// Runs one bench and writes what it measured: `node --import tsx tools/bench/one.mjs <name> <file>`.
import { writeFileSync } from 'node:fs';
import { z } from 'zod';

const Rows = z.array(
  z.strictObject({
    case: z.string().min(1),
    value: z.number(),
    unit: z.string(),
    /** The raw cost of the same work, measured in the same run at the same concurrency. */
    limit: z.number().optional(),
    /** The limit's cost ÷ ours: 1 is the limit. */
    ratio: z.number().optional(),
  }),
);

const [name = '', file = ''] = process.argv.slice(2);
const bench = await import(`../../bench/${name}.ts`);
if (typeof bench.run !== 'function') throw new Error(`bench/${name}.ts exports no run()`);
const { rows } = z.object({ rows: Rows }).parse(await bench.run());
writeFileSync(file, `${JSON.stringify({ name, at: new Date().toISOString(), rows }, null, 2)}\n`);
process.exit(0); // a pool that a bench forgot must not hold us
