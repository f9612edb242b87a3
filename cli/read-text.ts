import { createReadStream } from 'node:fs';
import { Refused } from '@/core/errors';

/** The text of a file, or of standard input for `-`, at most `max` bytes. @throws Refused NOT_FOUND, TOO_LARGE */
export async function readText(path: string, max: number): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of path === '-' ? process.stdin : createReadStream(path)) {
      const bytes = Buffer.from(part);
      size += bytes.length;
      if (size > max) throw new Refused('TOO_LARGE', { field: path, max });
      parts.push(bytes);
    }
  } catch (err) {
    if (err instanceof Refused) throw err;
    throw new Refused('NOT_FOUND', { kind: 'file', id: path }, { cause: err });
  }
  return Buffer.concat(parts).toString('utf8');
}
