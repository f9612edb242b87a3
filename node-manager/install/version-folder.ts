import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { versionOf } from '../version';
import { Unable } from './command';

const NEEDED = ['node-manager/main.ts', 'protocol', 'core', 'tsconfig.json', 'node_modules/tsx'];

/** The folder of a version that can run, and which it is. @throws Unable that says what it lacks */
export function versionFolder(path: string): { folder: string; version: string } {
  const folder = resolve(path);
  const lacks = NEEDED.filter((each) => !existsSync(`${folder}/${each}`));
  if (lacks.length > 0)
    throw new Unable(
      `${folder} is no version of Meridian that can run: it lacks ${lacks.join(', ')}. In a clone, run npm ci first.`,
      66,
    );
  return { folder, version: versionOf(folder) };
}
