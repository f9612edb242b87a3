import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { nodeEnv } from '../env';
import { runCommand } from '../install/command';
import { installedEnvironment, under } from '../install/layout';
import { examine } from './doctor';
import { EXIT, report, worst } from './finding';

/** `meridian node doctor`: what this host can and cannot do for slivers, and what mends it. */
await runCommand('meridian node doctor [--json] [--root <folder>]', async (args) => {
  const { values } = parseArgs({
    args,
    options: { json: { type: 'boolean' }, root: { type: 'string', default: '/' } },
  });
  // What the installed node manager was told; this shell's word counts before it.
  const env = nodeEnv({ ...installedEnvironment(values.root), ...process.env });
  const data = env.data.startsWith('/') ? under(values.root, env.data) : resolve(env.data);
  const findings = await examine({ ...env, data });
  const outcome = worst(findings);
  process.stdout.write(values.json ? `${JSON.stringify({ outcome, findings }, null, 2)}\n` : report(findings));
  return EXIT[outcome];
});
