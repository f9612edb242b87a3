// @ts-check

/**
 * Something outside of the program is not as it must be: one clear sentence and an exit code of sysexits.h
 * (64 usage, 69 something needed is not there, 70 a bug, 78 configuration).
 */
export class Unable extends Error {
  /**
   * @param {number} exitCode
   * @param {string} sentence
   */
  constructor(exitCode, sentence) {
    super(sentence);
    this.exitCode = exitCode;
  }
}

/**
 * Says what went wrong and returns the exit code: a sentence for what was expected, the stack for a bug.
 *
 * @param {unknown} error
 */
export function fail(error) {
  if (error instanceof Unable) {
    process.stderr.write(`\n${error.message}\n`);
    return error.exitCode;
  }
  process.stderr.write(`\nThis is a bug in Meridian:\n${error instanceof Error ? error.stack : error}\n`);
  return 70;
}
