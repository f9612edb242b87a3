import { Command } from 'commander';
import { agentCommands } from './commands/agents';
import { auditCommands } from './commands/audit';
import { fleetCommands } from './commands/fleet';
import { inspectCommand } from './commands/inspect';
import { keyCommands } from './commands/key';
import { networkCommands } from './commands/network';
import { nodeCheckCommand } from './commands/node-check';
import { nodePolicyCommand } from './commands/node-policy';
import { partnerCommands } from './commands/partners';
import { peopleCommands } from './commands/people';
import { revokeCommands } from './commands/revoke';
import { simulateCommand } from './commands/simulate';
import { sliceChangeCommands } from './commands/slice-change';
import { sliceCommands } from './commands/slices';
import { sliverCommands } from './commands/sliver';
import { sshCommands } from './commands/ssh';
import { svmCommands } from './commands/svm';
import { trustCommands } from './commands/trust';
import { verifyCommand } from './commands/verify';
import type { Io } from './run';

const EX_USAGE = 64;

/** The whole command line. What it prints goes to `io`; the exit code is left in process.exitCode. */
export function makeProgram(io: Io): Command {
  const program = new Command('meridian')
    .description('Share machines all over the planet: the command line of Meridian.')
    .option('--url <address>', 'where Meridian is (else MERIDIAN_URL, else what login stored)')
    .option('--token <token>', 'as whom (else MERIDIAN_TOKEN, else what login stored)')
    .option('--json', 'print one JSON document')
    .enablePositionalOptions()
    .showHelpAfterError('(more with --help)')
    .configureOutput({ writeOut: io.out, writeErr: io.err })
    .exitOverride();
  sliceChangeCommands(sliceCommands(program, io), io);
  sliverCommands(program, io);
  sshCommands(program, io);
  const node = fleetCommands(program, io);
  networkCommands(program, io, node);
  nodeCheckCommand(node, io);
  nodePolicyCommand(node, io);
  simulateCommand(program, io);
  agentCommands(program, io);
  auditCommands(program, io);
  revokeCommands(program, io);
  inspectCommand(program, io);
  verifyCommand(program, io);
  peopleCommands(program, io);
  keyCommands(program, io);
  svmCommands(program, io);
  trustCommands(program, io);
  partnerCommands(program, io);
  program.addHelpText(
    'after',
    '\nPrograms by themselves: meridian web|worker|agent|node (docs/operations.md).\nOn the machine of a node: meridian node doctor|install|upgrade|uninstall.',
  );
  for (const command of everyCommand(program)) {
    // Also after the command's name, where people write them.
    if (command.commands.length === 0) for (const option of program.options) command.addOption(option);
    command
      .exitOverride()
      .configureOutput({ writeOut: io.out, writeErr: io.err })
      .showHelpAfterError('(more with --help)');
  }
  return program;
}

/** Runs `argv` (without node and script); commander's own refusals are exit code 64. */
export async function run(argv: readonly string[], io: Io): Promise<void> {
  try {
    await makeProgram(io).parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && String(error.code).startsWith('commander.'))) throw error;
    const asked =
      error.code === 'commander.helpDisplayed' || error.code === 'commander.help' || error.code === 'commander.version';
    process.exitCode = asked ? 0 : EX_USAGE;
  }
}

function everyCommand(command: Command): Command[] {
  return command.commands.flatMap((each) => [each, ...everyCommand(each)]);
}
