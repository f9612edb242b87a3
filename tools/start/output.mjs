// @ts-check
// The programs' JSON lines as a person reads them, and the same lines in a file that does not grow for ever.
import { appendFileSync, existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

const COLOUR = Boolean(process.stdout.isTTY) && !process.env.NO_COLOR;
const NAMES = { agent: 36, node: 32, simulator: 35, worker: 33, web: 34, postgres: 90, meridian: 1 };
/** Fields that every line has, or that say nothing to a person. */
const SILENT = new Set(['level', 'time', 'program', 'msg', 'pid', 'hostname', 'v', 'name']);
const MAX_LOG_BYTES = 10_000_000;

/** @param {number} code @param {string} text */
const paint = (code, text) => (COLOUR ? `\u001b[${code}m${text}\u001b[0m` : text);

/**
 * @typedef {{ msg: string, level: number, facts: Record<string, unknown> }} LogLine A program's line, decoded.
 */

/**
 * Decodes a program's line; undefined when it is not one of ours.
 *
 * @param {string} line
 * @returns {LogLine | undefined}
 */
export function decodeLine(line) {
  if (!line.startsWith('{')) return undefined;
  try {
    const value = JSON.parse(line);
    if (typeof value !== 'object' || value === null || typeof value.msg !== 'string') return undefined;
    const facts = Object.fromEntries(Object.entries(value).filter(([key]) => !SILENT.has(key)));
    return { msg: value.msg, level: levelOf(value.level), facts };
  } catch {
    return undefined;
  }
}

/** @type {Record<string, number>} */
const LEVELS = { trace: 10, debug: 20, info: 30, warn: 40, error: 50, fatal: 60, silent: 100 };

/** @param {unknown} level pino's number or name */
function levelOf(level) {
  return typeof level === 'number' ? level : (LEVELS[String(level)] ?? 30);
}

/**
 * One line for a person: time, program, what happened, facts.
 *
 * @param {string} program
 * @param {string} line
 * @param {Date} now
 */
export function readable(program, line, now) {
  const decoded = decodeLine(line);
  const at = paint(90, now.toTimeString().slice(0, 8));
  const name = paint(NAMES[/** @type {keyof typeof NAMES} */ (program)] ?? 0, program.padEnd(9));
  if (!decoded) return `${at} ${name} ${line}`;
  const text =
    decoded.level >= 50 ? paint(31, decoded.msg) : decoded.level >= 40 ? paint(33, decoded.msg) : decoded.msg;
  return `${at} ${name} ${text}${factsOf(decoded.facts)}`;
}

/** @param {Record<string, unknown>} facts */
function factsOf(facts) {
  const parts = Object.entries(facts).flatMap(([key, value]) => {
    if (value === undefined || value === null || value === '') return [];
    // An error's stack is for whoever looks for the fault: it stands on lines of its own.
    if (key === 'err' && typeof value === 'object') {
      const { message, stack } = /** @type {{ message?: string, stack?: string }} */ (value);
      return [`\n${String(stack ?? message).replace(/^/gm, '    ')}`];
    }
    return [paint(90, `${key}=${typeof value === 'object' ? JSON.stringify(value) : value}`)];
  });
  return parts.length > 0 ? ` ${parts.join(' ')}` : '';
}

/** Lines that say the same of one thing after the other (180 nodes that enrol) are counted after this many. */
const SHOWN_ALIKE = 3;

/**
 * Decides for each line whether it is shown, and what is said of those that were not.
 *
 * @param {(program: string, line: string) => void} show
 */
export function coalesce(show) {
  /** @type {Map<string, { msg: string, seen: number }>} */
  const last = new Map();
  return (/** @type {string} */ program, /** @type {string} */ line) => {
    const decoded = decodeLine(line);
    if (decoded && decoded.level >= 40) return show(program, line); // a warning is never one of many
    const msg = decoded?.msg ?? line;
    const alike = last.get(program);
    if (alike?.msg === msg) {
      alike.seen += 1;
      if (alike.seen > SHOWN_ALIKE) return;
    } else {
      if (alike && alike.seen > SHOWN_ALIKE) show(program, `… ${alike.msg} (${alike.seen - SHOWN_ALIKE} more)`);
      last.set(program, { msg, seen: 1 });
    }
    show(program, line);
  };
}

/**
 * Where a system's lines go: readable to stdout, as they are to `<data>/logs/<program>.log`.
 *
 * @param {string} data
 * @param {string} level What is less is in the files only.
 */
export function openOutput(data, level) {
  const folder = join(data, 'logs');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // A terminal or pipe that went away must not end the system.
  process.stdout.on('error', () => {});
  process.stderr.on('error', () => {});
  const show = coalesce((program, line) => process.stdout.write(`${readable(program, line, new Date())}\n`));
  return {
    /** @param {string} program @param {string} line */
    line(program, line) {
      const plain = COLOUR ? line : stripVTControlCharacters(line);
      keep(join(folder, `${program}.log`), plain);
      if ((decodeLine(plain)?.level ?? 30) >= levelOf(level)) show(program, plain);
    },
    /** Only into the file. @param {string} program @param {string} line */
    quiet(program, line) {
      keep(join(folder, `${program}.log`), line);
    },
  };
}

/** @param {string} file @param {string} line */
function keep(file, line) {
  try {
    if (existsSync(file) && statSync(file).size > MAX_LOG_BYTES) renameSync(file, `${file}.1`);
    appendFileSync(file, `${line}\n`, { mode: 0o600 });
  } catch {
    // a full disk must not end the system
  }
}
