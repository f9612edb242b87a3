import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** The folder of the version that runs. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

/** The version of the code below a folder: its package.json's. Throws where there is none. */
export function versionOf(folder: string): string {
  return z
    .object({ version: z.string().min(1).max(64) })
    .parse(JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'))).version;
}

/** What a node says that it is. */
export const VERSION = versionOf(ROOT);
