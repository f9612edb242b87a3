import { expect, test } from 'vitest';
import { sentence } from './refusal-sentence';

const say = (code: string, facts: Parameters<typeof sentence>[0]['facts']) => sentence({ code, facts });

test('inputs are called as people know them', () => {
  expect(say('INVALID_INPUT', { field: 'publicKey', problem: 'paste one public key, on one line' })).toBe(
    'The public key was not accepted: paste one public key, on one line. Correct it and try again.',
  );
  expect(say('INVALID_INPUT', { field: 'constructor', problem: 'no' })).toMatch(/^The value of constructor was/);
});

test('who may is said in words, and names of permissions never', () => {
  const raise = say('NOT_ALLOWED', { permission: 'site.quota.raise' });
  expect(raise).toContain('an operator raises');
  for (const permission of ['site.quota.raise', 'session', 'invite.accept', 'not.known.yet', 'toString'])
    expect(say('NOT_ALLOWED', { permission })).not.toContain(`“${permission}”`);
  expect(say('NOT_ALLOWED', { permission: 'to delegate what another granted' })).toContain('to delegate what another');
});

test('a conflict says what is in the way; it names the thing only when that has a name', () => {
  expect(say('CONFLICT', { kind: 'key', problem: 'you have added this key already' })).toBe(
    'You have added this key already.',
  );
  expect(say('CONFLICT', { kind: 'person', id: 'pia@example.org', problem: 'has this role already' })).toBe(
    'pia@example.org: has this role already.',
  );
  expect(say('CONFLICT', { kind: 'slice', id: 'lab_tides' })).toBe(
    'The slice lab_tides was changed by somebody else meanwhile. Reload and try again.',
  );
});
