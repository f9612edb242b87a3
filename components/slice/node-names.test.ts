import { expect, test } from 'vitest';
import { nodesNamed } from './node-names';

test('names stand for one node, or are said not to', () => {
  const nodes = [
    { urn: 'u1', hostname: 'a.example.org' },
    { urn: 'u2', hostname: 'twice' },
    { urn: 'u3', hostname: 'twice' },
  ];
  expect(nodesNamed(' a.example.org,u2  a.example.org', nodes)).toEqual({ urns: ['u1', 'u2'], unknown: [] });
  expect(nodesNamed('twice; none', nodes)).toEqual({ urns: [], unknown: ['twice', 'none'] });
  expect(nodesNamed('', nodes)).toEqual({ urns: [], unknown: [] });
});
