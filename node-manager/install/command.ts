import { Refused } from '@/core/errors';
import { REFUSAL_MAP } from '@/core/errors-map';
import { sentence } from '@/core/refusal-sentence';

const EX_USAGE = 64;
const EX_SOFTWARE = 70;

/** A command's own no, said in a sentence, with its exit code of sysexits(3). */
export class Unable extends Error {
  constructor(
    message: string,
    readonly exit = 69,
  ) {
    super(message);
  }
}

/** Runs one command of the node's owner to its end: a sentence and an exit code for what goes wrong, never a stack. */
export async function runCommand(usage: string, command: (args: string[]) => Promise<number>): Promise<void> {
  try {
    process.exitCode = await command(process.argv.slice(2));
  } catch (error) {
    const { message, exit } = failure(error, usage);
    process.stderr.write(`${message}\n`);
    process.exitCode = exit;
  }
}

/** Any error as a sentence and an exit code. */
export function failure(error: unknown, usage: string): { message: string; exit: number } {
  if (error instanceof Unable) return { message: error.message, exit: error.exit };
  if (error instanceof Refused)
    return { message: sentence(error.reason, Date.now()), exit: REFUSAL_MAP[error.code].exit };
  if (error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'))
    return { message: `${error.message}\nUsage: ${usage}`, exit: EX_USAGE };
  return { message: error instanceof Error ? error.message : String(error), exit: EX_SOFTWARE };
}
