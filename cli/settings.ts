import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { Refused } from '@/core/errors';

/** The project's own folder. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));

type Environment = Readonly<Record<string, string | undefined>>;

/** Options that every command takes. */
export type GlobalOptions = { url?: string; token?: string; json?: boolean };
/** Where the API is and who calls. */
export type Settings = { url: string; token: string | null; json: boolean };

const Stored = z.object({ url: z.url(), token: z.string().min(1) });
const DEFAULT_URL = 'http://localhost:3000';

/** MERIDIAN_DATA, by default `.data` in the project's folder. */
export function dataFolder(environment: Environment = process.env): string {
  return resolve(environment.MERIDIAN_DATA || join(ROOT, '.data'));
}

/** The file that `npm start` and `meridian login` write the address and the token into. */
export function storedFile(environment?: Environment): string {
  return join(dataFolder(environment), 'cli.json');
}

const Running = z.object({ databaseUrl: z.string().min(1), url: z.string().min(1) });

/**
 * The environment for what works straight on the database: as given, else that of the system that `npm start` runs here
 * (its file is readable by its owner only), else without a database.
 */
export function databaseEnvironment(environment: Environment = process.env): Environment {
  if (environment.DATABASE_URL) return environment;
  try {
    const running = Running.parse(JSON.parse(readFileSync(join(dataFolder(environment), 'running.json'), 'utf8')));
    return { ...environment, DATABASE_URL: running.databaseUrl, MERIDIAN_URL: environment.MERIDIAN_URL || running.url };
  } catch {
    return environment; // nothing runs here: the command says what it lacks
  }
}

/**
 * What to call and as whom: an option counts before the environment (MERIDIAN_URL, MERIDIAN_TOKEN), and that before what is
 * stored. A stored token is sent only to the address it is stored with. @throws Refused CONFIG_INVALID, INVALID_INPUT
 */
export function settings(options: GlobalOptions, environment: Environment = process.env): Settings {
  const stored = readStored(storedFile(environment));
  const given = options.url ?? (environment.MERIDIAN_URL || undefined);
  const url = origin(given ?? stored?.url ?? DEFAULT_URL);
  const known = stored && origin(stored.url) === url ? stored.token : null;
  return { url, token: options.token ?? (environment.MERIDIAN_TOKEN || known), json: options.json ?? false };
}

function origin(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url.origin;
  throw new Refused('INVALID_INPUT', { field: '--url', problem: 'must be an address like http://localhost:3000' });
}

function readStored(file: string): z.infer<typeof Stored> | null {
  if (!existsSync(file)) return null;
  try {
    return Stored.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    throw new Refused('CONFIG_INVALID', { variable: file, problem: 'is damaged; remove it and run: meridian login' });
  }
}

/** Stores address and token, readable by this user only. */
export function store(value: z.infer<typeof Stored>, file = storedFile()): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const part = `${file}.part`;
  writeFileSync(part, JSON.stringify(value), { mode: 0o600 });
  chmodSync(part, 0o600);
  renameSync(part, file);
}
