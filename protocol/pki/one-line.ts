import type { z } from 'zod';
import { Refused } from '@/core/errors';

const MAX_CHARS = 2048;

/** A JSON document as one line of text to paste: the prefix that names its kind, then base64url. */
export function encodeLine<T>(prefix: string, schema: z.ZodType<T>, value: T): string {
  return prefix + Buffer.from(JSON.stringify(schema.parse(value))).toString('base64url');
}

/** Reads such a line; surrounding white space is forgiven. Throws Refused TOKEN_INVALID that says what is wrong, never a secret. */
export function decodeLine<T>(prefix: string, schema: z.ZodType<T>, text: string): T {
  const trimmed = text.trim();
  if (!trimmed.startsWith(prefix)) throw new Refused('TOKEN_INVALID', { problem: `it does not begin with ${prefix}` });
  if (trimmed.length > MAX_CHARS)
    throw new Refused('TOKEN_INVALID', { problem: `longer than ${MAX_CHARS} characters` });
  const body = trimmed.slice(prefix.length);
  const bytes = Buffer.from(body, 'base64url');
  if (bytes.toString('base64url') !== body)
    throw new Refused('TOKEN_INVALID', { problem: 'not base64url: it may have been cut off' });
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new Refused('TOKEN_INVALID', { problem: 'it may have been cut off' });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new Refused('TOKEN_INVALID', {
    problem: `field ${parsed.error.issues[0]?.path.join('.') || 'token'} is wrong`,
  });
}
