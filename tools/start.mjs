#!/usr/bin/env node
// `npm start`: from a clone to a running system. Nothing but Node's own modules until the packages are installed.
import { parseArgs } from 'node:util';
import { installPackages } from './start/install.mjs';
import { fail, Unable } from './start/unable.mjs';

const USAGE = `Usage: npm start -- [--dev] [--no-demo] [--fleet <n>]
  --dev        pages are compiled as you edit them
  --no-demo    no demo people and no simulated nodes (then: npm run meridian -- operator create)
  --fleet <n>  at most n simulated nodes in the demo (default 180)
Environment: PORT, DATABASE_URL, MERIDIAN_DATA and more; see docs/operations.md.`;

try {
  const options = readArguments();
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new Unable(69, `Meridian needs Node 20.19 or newer; this is ${process.versions.node}.`);
  }
  await installPackages();
  const { runSystem } = await import('./start/system.mjs');
  process.exitCode = await runSystem(options);
} catch (error) {
  process.exitCode = fail(error);
}
// Nothing of ours may keep the process: whatever runs still has been stopped or never started.
process.exit();

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        dev: { type: 'boolean', default: false },
        'no-demo': { type: 'boolean', default: false },
        fleet: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) {
      console.log(USAGE);
      process.exit(0);
    }
    const fleet = values.fleet === undefined ? undefined : Number(values.fleet);
    if (fleet !== undefined && !(Number.isInteger(fleet) && fleet >= 0 && fleet <= 10_000)) {
      throw new Unable(64, `--fleet takes a number of nodes from 0 to 10000, not "${values.fleet}".`);
    }
    return { dev: values.dev, demo: !values['no-demo'], fleet };
  } catch (error) {
    if (error instanceof Unable) throw error;
    throw new Unable(64, `${error instanceof Error ? error.message : error}\n${USAGE}`);
  }
}
