import { z } from 'zod';

type Issue = z.core.$ZodRawIssue;

const KINDS: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  bigint: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  date: 'a time',
};

const FORMATS: Record<string, string> = {
  email: 'must be an e-mail address',
  url: 'must be an address such as https://example.org',
  datetime: 'must be a time such as 2026-01-15T14:00:00Z',
  uuid: 'must be an id',
  ipv4: 'must be an IPv4 address',
  ipv6: 'must be an IPv6 address',
};

/**
 * What is wrong with a value, in words that stand after its name ("reserve.memoryMiB" "must be a number"): what a schema says
 * for itself goes before it. Undefined where zod's own words do.
 */
export function problemOf(issue: Issue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return 'is missing';
      return `must be ${KINDS[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return bound(issue.origin, Number(issue.minimum), 'at least');
    case 'too_big':
      return bound(issue.origin, Number(issue.maximum), 'at most');
    case 'invalid_format':
      return FORMATS[issue.format] ?? 'is not written as it must be';
    case 'unrecognized_keys':
      return `has what is not known here: ${issue.keys.join(', ')}`;
    default:
      return undefined;
  }
}

function bound(origin: string, limit: number, words: 'at least' | 'at most'): string {
  if (origin === 'string')
    return words === 'at least' && limit === 1
      ? 'must not be empty'
      : `must have ${words} ${limit} ${limit === 1 ? 'character' : 'characters'}`;
  if (origin === 'array' || origin === 'set') return `must have ${words} ${limit} ${limit === 1 ? 'entry' : 'entries'}`;
  return `must be ${words} ${limit}`;
}

z.config({ customError: problemOf });
