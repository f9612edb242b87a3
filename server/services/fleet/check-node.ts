import type { z } from 'zod';
import { Refused } from '@/core/errors';
import type { ResourceVector } from '@/core/resources/vector';
import type { NodeCheckAnswer, NodeCheckRequest } from '@/protocol/api/node-check';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import { orRefused } from '@/protocol/transport/client';
import { findDialledNode } from '@/server/data/dialled-node';
import { findSliceFacts } from '@/server/data/slice-facts';
import type { Db } from '@/server/db';
import { webServiceManager } from '@/server/service-manager/web';
import { demand, type Person } from '@/server/services/policy';

/**
 * Asks a node itself what would fit, and when. Changes nothing. With a slice also whether the owner lets that one in, and whether
 * it is there already: for those who may see it.
 * @throws Refused NOT_FOUND, NODE_NOT_ENROLLED, NODE_UNREACHABLE
 */
export async function checkNode(
  db: Db,
  person: Person,
  { id, slice: name, seconds, start, ...resources }: z.infer<typeof NodeCheckRequest>,
): Promise<NodeCheckAnswer> {
  const node = await findDialledNode(db, id);
  if (!node) throw new Refused('NOT_FOUND', { kind: 'node', id });
  const { urn, address, jkt } = node;
  if (!address || !jkt) throw new Refused('NODE_NOT_ENROLLED', { node: urn });
  const slice = name === undefined ? null : await findSliceFacts(db, name);
  if (name !== undefined) {
    const missing = { kind: 'slice', id: name, visible: false };
    if (!slice) throw new Refused('NOT_FOUND', { kind: 'slice', id: name });
    demand(person, 'slice.read', slice, missing);
  }
  const answer = await orRefused(
    (await webServiceManager()).node({ urn, address, jkt }).check.query({
      resources: withDefaults(resources),
      durationSeconds: seconds,
      ...(start && { start: Math.floor(Date.parse(start) / 1000) }),
      ...(slice && { slice: slice.urn }),
    }),
  );
  return { ...answer, node: urn };
}

/** What was left out, be it by `undefined`, is what a sliver gets that asks for nothing. */
export function withDefaults(
  resources: { [K in keyof ResourceVector]?: ResourceVector[K] | undefined },
): ResourceVector {
  const given = Object.entries(resources).filter(([, value]) => value !== undefined);
  return { ...DEFAULT_RESOURCES, ...Object.fromEntries(given) };
}
