import { Refused } from '@/core/errors';
import { sentence } from '@/core/refusal-sentence';
import { type Logger, programLog } from './log';

/** Exit code for settings that cannot work (sysexits' EX_CONFIG): starting again would not help. */
export const EXIT_CONFIG = 78;
/** A stop that takes longer is cut: no supervisor waits for ever. */
const STOP_WITHIN_MS = 20_000;

type Running = { stop: () => Promise<void>; reload?: () => Promise<void> };

/**
 * Runs a program until it is told to end: SIGTERM, SIGINT, or its supervisor's channel closing. One clear sentence and exit code
 * 78 for what settings refuse; anything else unexpected is logged with its cause, exit code 1.
 */
export async function runProgram<E extends { logLevel: string; supervised: boolean }>(
  name: string,
  readEnv: () => E,
  start: (env: E, log: Logger, fatal: (error: unknown) => void) => Promise<Running>,
): Promise<void> {
  let log = programLog(name, 'info');
  const fatal = (error: unknown) => {
    if (error instanceof Refused) log.fatal({ reason: error.reason }, sentenceOf(error));
    else log.fatal({ err: error }, 'this program cannot go on');
    process.exit(error instanceof Refused ? EXIT_CONFIG : 1);
  };
  process.on('uncaughtException', fatal);
  process.on('unhandledRejection', fatal);
  try {
    const env = readEnv();
    log = programLog(name, env.logLevel);
    let early = false;
    let running: Running | null = null;
    let ending = false;
    const end = (why: string) => {
      if (!running) early = true;
      if (ending || !running) return;
      ending = true;
      log.info({ why }, 'ending');
      setTimeout(() => fatal(new Error(`did not end within ${STOP_WITHIN_MS / 1000} s`)), STOP_WITHIN_MS).unref();
      running.stop().then(() => process.exit(0), fatal);
    };
    process.on('SIGTERM', () => end('SIGTERM'));
    process.on('SIGINT', () => end('SIGINT'));
    if (env.supervised) {
      if (process.channel) process.on('disconnect', () => end('the supervisor is gone'));
      else
        process.stdin
          .on('end', () => end('the supervisor is gone'))
          .on('error', () => end('the supervisor is gone'))
          .resume();
    }
    running = await start(env, log, fatal);
    const { reload } = running;
    if (reload)
      process.on('SIGHUP', () => void reload().catch((err: unknown) => log.error({ err }, 'could not reload')));
    if (early) end('asked while starting');
  } catch (error) {
    fatal(error);
  }
}

function sentenceOf(error: Refused): string {
  return sentence(error.reason);
}
