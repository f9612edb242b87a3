import type { Command } from 'commander';
import { Refused } from '@/core/errors';
import { formatDuration } from '@/core/format/duration';
import { formatCount } from '@/core/format/number';
import { sentence } from '@/core/refusal-sentence';
import { json, plain, table } from '../print';
import { type Io, signedIn } from '../run';

/** `meridian slices list`, `slice show|delete`. Gives the command `slice`, for more of it. */
export function sliceCommands(program: Command, io: Io): Command {
  const slices = program.command('slices').description('your slices');
  slices
    .command('list', { isDefault: true })
    .description('list slices, newest first')
    .option('--scope <scope>', 'mine, site or all', 'mine')
    .option('--over', 'also those that are over')
    .action(
      signedIn(io, async ({ client, settings }, options: { scope: 'mine' | 'site' | 'all'; over?: boolean }) => {
        const rows = await client.slices.list.query({ scope: options.scope, includeOver: options.over ?? false });
        if (settings.json) io.out(`${json(rows)}\n`);
        else if (rows.length === 0) io.out('No slices. Ask for one on the web: /slices/new\n');
        else {
          const columns = [
            { head: 'SLICE', cell: (row: (typeof rows)[number]) => row.name },
            { head: 'STATE', cell: (row: (typeof rows)[number]) => row.state },
            { head: 'RUNNING', cell: (row: (typeof rows)[number]) => `${row.running}/${row.sliverCount}`, right: true },
            { head: 'COUNTRIES', cell: (row: (typeof rows)[number]) => String(row.countries), right: true },
            { head: 'OWNER', cell: (row: (typeof rows)[number]) => row.owner.email },
            { head: 'ENDS', cell: (row: (typeof rows)[number]) => row.endsAt?.toISOString().slice(0, 16) ?? '–' },
          ];
          io.out(`${table(rows, columns)}\n`);
        }
        return 0;
      }),
    );

  const slice = program.command('slice').description('one slice');
  slice
    .command('show <name>')
    .description('state and slivers of a slice')
    .action(
      signedIn(io, async ({ client, settings }, name: string) => {
        const [view, slivers] = await Promise.all([
          client.slices.get.query({ name }),
          client.slices.slivers.query({ name }),
        ]);
        if (settings.json) io.out(`${json({ ...view, slivers })}\n`);
        else {
          const left = view.endsAt
            ? `, ends ${view.endsAt.toISOString()} (in ${formatDuration(view.endsAt.getTime() - Date.now())})`
            : '';
          io.out(`${view.name}: ${view.state}, ${view.running} of ${view.sliverCount} running${left}\n`);
          if (view.reason) io.out(`${sentence(view.reason, Date.now())}\n`);
          if (view.leaving) io.out(`${formatCount(view.leaving.count, 'sliver')} still to leave\n`);
          const columns = [
            { head: 'NODE', cell: (row: (typeof slivers)[number]) => row.node.hostname },
            { head: 'COUNTRY', cell: (row: (typeof slivers)[number]) => row.node.country ?? '–' },
            { head: 'STATE', cell: (row: (typeof slivers)[number]) => row.reported },
            {
              head: 'WHY',
              cell: (row: (typeof slivers)[number]) => (row.reason ? sentence(row.reason, Date.now()) : ''),
            },
          ];
          io.out(`\n${table(slivers, columns)}\n`);
        }
        return 0;
      }),
    );
  slice
    .command('delete <name>')
    .description('stop all slivers of a slice now and delete it')
    .option('--yes', 'do not ask')
    .action(
      signedIn(io, async ({ client, settings }, name: string, options: { yes?: boolean }) => {
        const view = await client.slices.get.query({ name });
        if (
          !options.yes &&
          !(await confirmed(`Delete ${name}: ${formatCount(view.running, 'sliver')} stop now. Type its name: `, name))
        ) {
          io.err(
            `Nothing was deleted: ${process.stdin.isTTY ? 'the name was not typed' : 'give --yes where nobody can be asked'}.\n`,
          );
          return 1;
        }
        const after = await client.slices.delete.mutate({ name });
        if (settings.json) io.out(`${json(after)}\n`);
        else
          io.out(
            `${name} is ${after.state}. ${after.leaving ? `${formatCount(after.leaving.count, 'sliver')} still to leave${after.leaving.latestEnd ? `, at the latest at ${after.leaving.latestEnd.toISOString()}` : ''}.` : ''}\n`,
          );
        return 0;
      }),
    );

  program
    .command('exec <slice> <node> [command...]')
    .description('run a command in the sliver of a slice on a node: meridian exec ucb_ocean this-machine -- hostname')
    .option('--timeout <seconds>', 'give up after so many seconds (at most 60)', '30')
    .passThroughOptions()
    .action(
      signedIn(
        io,
        async ({ client, settings }, name: string, node: string, typed: string[], options: { timeout: string }) => {
          // Options are passed through to the command, and so is the "--" before it, which is ours.
          const argv = typed[0] === '--' ? typed.slice(1) : typed;
          const timeoutMs = Math.round(Number(options.timeout) * 1000);
          if (argv.length === 0) {
            const problem = `give one after --: meridian exec ${name} ${node} -- hostname`;
            throw new Refused('INVALID_INPUT', { field: 'command', problem });
          }
          if (!(timeoutMs >= 100 && timeoutMs <= 60_000))
            throw new Refused('INVALID_INPUT', { field: '--timeout', problem: 'give seconds, from 0.1 to 60' });
          const answer = await client.slices.exec.mutate({ name, node, argv, timeoutMs });
          if (settings.json) io.out(`${json(answer)}\n`);
          else {
            io.out(answer.stdout);
            io.err(answer.stderr);
            if (answer.truncated)
              io.err(`${plain(answer.hostname)}: the output was cut; only its first 256 KiB are here.\n`);
            if (answer.timedOut) io.err(`${plain(answer.hostname)}: stopped after ${options.timeout} s.\n`);
          }
          if (answer.timedOut) return 124; // as timeout(1)
          return answer.exitCode ?? 128;
        },
      ),
    );
  return slice;
}

/** Asks on the terminal; without one there is nobody to ask, and the answer is no. */
async function confirmed(question: string, wanted: string): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const { createInterface } = await import('node:readline/promises');
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await asking.question(question)).trim() === wanted;
  } finally {
    asking.close();
  }
}
