import { expect, test } from 'vitest';
import { judgeNames } from './names';

const ISSUER = 'urn:publicid:IDN+b.example+authority+am';
const own = { slice: 'urn:publicid:IDN+b.example:lab+slice+lab_a', sub: 'urn:publicid:IDN+b.example+user+ada' };

test('an agent speaks for its own authority’s slices and people', () => {
  expect(() => judgeNames(own, ISSUER)).not.toThrow();
  expect(() => judgeNames(own, 'urn:publicid:IDN+b.example+authority+am.second')).not.toThrow();
});

test.each([
  ['slice', { ...own, slice: 'urn:publicid:IDN+meridian:lab+slice+lab_a' }, ISSUER],
  ['sub', { ...own, sub: 'urn:publicid:IDN+meridian+user+ada' }, ISSUER],
  ['slice', { ...own, slice: 'urn:publicid:IDN+b.example.org:lab+slice+lab_a' }, ISSUER],
  ['slice', own, 'urn:publicid:IDN+meridian:b.example+authority+am'],
  ['slice', own, 'not a URN'],
])('not for another’s %s', (what, ticket, issuer) => {
  expect(() => judgeNames(ticket, issuer)).toThrow(
    expect.objectContaining({ code: 'WRONG_AUTHORITY', facts: expect.objectContaining({ what }) }),
  );
});
