import type { Command } from 'commander';
import { type Client, connect } from './client';
import { failureOf } from './failure';
import { json } from './print';
import { type GlobalOptions, type Settings, settings } from './settings';

export type Io = { out: (text: string) => void; err: (text: string) => void };
/** What an action gets: the API as the caller, what was set, and where to write. */
export type Session = { client: Client; settings: Settings; io: Io };

export const terminal: Io = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
};

/**
 * Wraps a command's action: a failure becomes its sentence on stderr (with --json: {failure} on stdout) and its exit code. An
 * action may answer an exit code of its own.
 */
export function action<Args extends unknown[]>(
  io: Io,
  act: (given: Settings, ...args: Args) => Promise<number | undefined>,
) {
  return async (...args: [...Args, unknown, Command]): Promise<void> => {
    const command = args.at(-1) as Command; // commander's last argument
    const options = command.optsWithGlobals<GlobalOptions>();
    let url = options.url ?? '';
    try {
      const given = settings(options);
      url = given.url;
      process.exitCode = (await act(given, ...(args.slice(0, -1) as [...Args]))) ?? 0;
    } catch (error) {
      const failure = failureOf(error, url);
      if (options.json) io.out(`${json({ failure: { message: failure.message, ...failure.reason } })}\n`);
      else io.err(`${failure.message}\n`);
      process.exitCode = failure.exit;
    }
  };
}

/** As `action`, signed in. */
export function signedIn<Args extends unknown[]>(
  io: Io,
  act: (session: Session, ...args: Args) => Promise<number | undefined>,
) {
  return action<Args>(io, async (given, ...args) => act({ client: connect(given), settings: given, io }, ...args));
}
