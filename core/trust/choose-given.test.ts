import { expect, test } from 'vitest';
import { chooseGiven, type Giveable } from './choose-given';

const node = (urn: string, siteId: string, more: Partial<Giveable> = {}): Giveable => {
  return { id: urn, urn, siteId, given: false, slivers: 0, ...more };
};
const names = (nodes: readonly Giveable[]) => nodes.map((one) => one.urn).join('');

test('new nodes are spread over sites, in an order that stays', () => {
  const nodes = [node('a', '1'), node('b', '1'), node('c', '1'), node('d', '2'), node('e', '3')];
  expect(names(chooseGiven(nodes, 3))).toBe('ade');
  expect(names(chooseGiven(nodes.toReversed(), 4))).toBe('adeb');
  expect(names(chooseGiven(nodes, null))).toHaveLength(5);
  expect(names(chooseGiven(nodes, 9))).toHaveLength(5);
});

test('a smaller grant keeps what is used, a larger one what there is', () => {
  const nodes = [
    node('a', '1', { given: true }),
    node('b', '1', { given: true, slivers: 2 }),
    node('c', '2', { given: true, slivers: 5 }),
    node('d', '3'),
  ];
  expect(names(chooseGiven(nodes, 2))).toBe('cb');
  expect(names(chooseGiven(nodes, 4))).toBe('cbad');
});
