#!/usr/bin/env node
// `npm test`: from a clone, everything, and one last line that sums all runners. Node's own modules until the packages
// are installed.
import { parseArgs } from 'node:util';
import { installPackages } from './start/install.mjs';
import { fail, Unable } from './start/unable.mjs';

const STAGES = ['types', 'lint', 'unit', 'db', 'host', 'e2e'];

try {
  const stages = readStages();
  await installPackages();
  const { runTests } = await import('./test/run.mjs');
  process.exitCode = await runTests(stages);
} catch (error) {
  process.exitCode = fail(error);
}
process.exit();

function readStages() {
  const usage = `Usage: npm test -- [--only ${STAGES.join(',')}]`;
  try {
    const { values } = parseArgs({ options: { only: { type: 'string' } } });
    const only = values.only?.split(',') ?? STAGES;
    const unknown = only.filter((stage) => !STAGES.includes(stage));
    if (unknown.length > 0) throw new Error(`there is no stage "${unknown.join(', ')}"`);
    return STAGES.filter((stage) => only.includes(stage));
  } catch (error) {
    throw new Unable(64, `${error instanceof Error ? error.message : error}\n${usage}`);
  }
}
