import pino from 'pino';

export type Logger = pino.Logger;

/** JSON lines on stdout: {level, time, program, msg, …}. */
export function programLog(program: string, level: string): Logger {
  return pino({ level, base: { program }, formatters: { level: (label) => ({ level: label }) } });
}
