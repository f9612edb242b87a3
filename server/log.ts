import pino from 'pino';

/** Names whose values never reach a log line, wherever they stand. */
const SECRETS = [
  'password',
  'newPassword',
  'currentPassword',
  'token',
  'authorization',
  'cookie',
  'secret',
  'privateKey',
];

/** JSON lines to stdout: {level, time, program, msg, …}. */
export function programLog(program: string) {
  return pino({
    level: process.env.MERIDIAN_LOG_LEVEL ?? 'info',
    base: { program },
    messageKey: 'msg',
    redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[hidden]' },
  });
}
export type Log = ReturnType<typeof programLog>;

/** The web program's log. */
export const log = programLog(process.env.MERIDIAN_PROGRAM ?? 'web');
