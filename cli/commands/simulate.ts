import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Command, Option } from 'commander';
import { Refused } from '@/core/errors';
import { formatNumber } from '@/core/format/number';
import { sharesFrom, spread } from '../behaviours';
import { json, plain } from '../print';
import { type Io, type Session, signedIn } from '../run';
import { dataFolder, ROOT } from '../settings';

type Options = {
  fleet: 'demo' | 'imported';
  slow?: string;
  down?: string;
  failing?: string;
  limit?: string;
  listen: string;
};

/** `meridian simulate`: brings nodes up as simulated ones, in the foreground, until Ctrl-C. */
export function simulateCommand(program: Command, io: Io): void {
  program
    .command('simulate')
    .description('bring nodes up as simulated ones, in the foreground')
    .addOption(new Option('--fleet <fleet>', 'which nodes').choices(['demo', 'imported']).makeOptionMandatory())
    .option('--slow <share>', 'this share of them starts slivers in 8 s')
    .option('--down <share>', 'this share does not answer')
    .option('--failing <share>', 'this share cannot start slivers')
    .option('--limit <n>', 'at most so many nodes')
    .option('--listen <host:port>', 'where the simulated nodes answer', '127.0.0.1:7441')
    .addHelpText(
      'after',
      '\nImported nodes in boot state "boot" come up; the others show as what they are. Nothing is sent to the\naddresses in the import.',
    )
    .action(signedIn(io, simulate));
}

async function simulate({ client, settings, io }: Session, options: Options): Promise<number> {
  const limit = options.limit === undefined ? undefined : Number(options.limit);
  if (limit !== undefined && !(Number.isInteger(limit) && limit >= 1 && limit <= 5000)) {
    throw new Refused('INVALID_INPUT', { field: '--limit', problem: 'must be a whole number from 1 to 5000' });
  }
  const shares = sharesFrom(options);
  const { nodes } = await client.fleet.simulation.mutate({
    fleet: options.fleet,
    ...(limit === undefined ? {} : { limit }),
  });
  if (nodes.length === 0) {
    io.err(
      options.fleet === 'imported'
        ? 'No imported node is in boot state "boot". Import some: meridian fleet import <file>\n'
        : 'There is no demo fleet here.\n',
    );
    return 66; // EX_NOINPUT
  }
  const lines = shares ? spread(nodes, shares) : nodes;
  const folder = join(dataFolder(), `simulate-${options.fleet}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const manifest = join(folder, 'manifest.jsonl');
  writeFileSync(manifest, lines.map((line) => `${JSON.stringify(line)}\n`).join(''), { mode: 0o600 });
  if (!settings.json)
    io.err(`Bringing up ${formatNumber(lines.length)} simulated nodes on ${options.listen}. Ctrl-C stops them.\n`);
  return runSimulator({ folder, manifest, listen: options.listen }, settings.json, io);
}

/** Runs the simulator until it ends or somebody stops it; answers its exit code. */
function runSimulator(
  where: { folder: string; manifest: string; listen: string },
  raw: boolean,
  io: Io,
): Promise<number> {
  const environment: NodeJS.ProcessEnv = {
    ...process.env,
    MERIDIAN_SIMULATOR_DATA: where.folder,
    MERIDIAN_SIMULATOR_MANIFEST: where.manifest,
    MERIDIAN_SIMULATOR_LISTEN: where.listen,
    MERIDIAN_SUPERVISED: '1',
  };
  // Its own environment names another database and keys that it has no use for.
  for (const secret of ['DATABASE_URL', 'MERIDIAN_SEAL_KEY', 'BETTER_AUTH_SECRET', 'MERIDIAN_TOKEN'])
    delete environment[secret];
  return new Promise((done, failed) => {
    // A group of its own: Ctrl-C reaches us, and we ask it to end; our own end closes its channel, which ends it too.
    const child = spawn(process.execPath, ['--import', 'tsx', 'node-manager/simulator.ts'], {
      cwd: ROOT,
      env: environment,
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      detached: true,
    });
    const stop = () => child.kill('SIGTERM');
    process.on('SIGINT', stop).on('SIGTERM', stop);
    if (child.stdout)
      createInterface({ input: child.stdout }).on('line', (line) => io.out(raw ? `${line}\n` : `${readable(line)}\n`));
    child.once('error', failed);
    child.once('close', (code) => {
      process.off('SIGINT', stop).off('SIGTERM', stop);
      done(code ?? 1);
    });
  });
}

/** A log line for a person: its message and facts. */
function readable(line: string): string {
  try {
    const { level: _, time: __, program: ___, msg, ...facts } = JSON.parse(line) as Record<string, unknown>;
    const rest = Object.keys(facts).length > 0 ? ` ${json(facts).replace(/\s+/g, ' ')}` : '';
    return plain(`${String(msg)}${rest}`);
  } catch {
    return plain(line);
  }
}
