import { Refused } from '@/core/errors';
import type { Client } from './client';

/** The node that a person means by an id, a URN, a hostname, or "this machine". @throws Refused NOT_FOUND, CONFLICT (several) */
export async function nodeNamed(client: Client, name: string) {
  const wanted = name.trim().toLowerCase();
  const found = (await client.fleet.nodes.query()).filter(
    (node) =>
      node.id === wanted ||
      node.urn.toLowerCase() === wanted ||
      node.hostname.toLowerCase() === wanted ||
      (wanted.replace(/[-_ ]+/g, ' ') === 'this machine' && !node.simulated),
  );
  const [node, ...others] = found;
  if (!node) throw new Refused('NOT_FOUND', { kind: 'node', id: name });
  if (others.length > 0) {
    const problem = 'several nodes are called so; name one by its URN';
    throw new Refused('CONFLICT', { kind: 'node', id: name, problem });
  }
  return node;
}
