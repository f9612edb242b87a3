import type { Command } from 'commander';
import { Refused } from '@/core/errors';
import { json, plain } from '../print';
import { type Io, signedIn } from '../run';

const ACTS = {
  start: 'let a sliver run again that was stopped',
  stop: 'end all that runs in a sliver and keep its files; it stays stopped until it is started',
  reset: 'throw away what a sliver wrote: it gets a fresh root and starts again',
} as const;

/** `meridian sliver start|stop|reset|logs <slice> <node>`. */
export function sliverCommands(program: Command, io: Io): void {
  const sliver = program.command('sliver').description("a slice's sliver on one node");
  for (const act of ['start', 'stop', 'reset'] as const) {
    const command = sliver.command(`${act} <slice> <node>`).description(ACTS[act]);
    if (act === 'reset') command.option('--yes', 'do it: what is stored in the sliver is lost');
    command.action(
      signedIn(io, async ({ client, settings }, name: string, node: string, options: { yes?: boolean }) => {
        if (act === 'reset' && !options.yes)
          throw new Refused('INVALID_INPUT', {
            field: '--yes',
            problem: 'give it: what is stored in the sliver is lost',
          });
        const answer = await client.slices.sliverAct.mutate({ name, node, act });
        if (settings.json) io.out(`${json(answer)}\n`);
        else io.out(`${name} on ${plain(answer.hostname)}: ${answer.state}\n`);
        return 0;
      }),
    );
  }
  sliver
    .command('logs <slice> <node>')
    .description(
      'what the node did to a sliver, and what its first process printed (programs may write to /proc/1/fd/1)',
    )
    .action(
      signedIn(io, async ({ client, settings }, name: string, node: string) => {
        const logs = await client.slices.sliverLogs.query({ name, node });
        if (settings.json) io.out(`${json(logs)}\n`);
        else io.out(`${lines(logs.events)}${logs.console ? `--- console\n${lines(logs.console)}` : ''}`);
        return 0;
      }),
    );
}

/** Text of a sliver, safe for a terminal line by line. */
function lines(text: string): string {
  return text
    .split('\n')
    .map((line) => plain(line))
    .join('\n');
}
