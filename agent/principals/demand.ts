import type { z } from 'zod';
import { Refused } from '@/core/errors';
import { judgeOwnRequest } from '@/core/trust/own-manager';
import type { IssueInput } from '@/protocol/agent/schemas';
import type { Peer } from '@/protocol/trpc';
import type { Queryable } from '../store/database';
import { heldNodes, lockOwnSlice, type PrincipalRow, readPrincipal } from '../store/principals';

/** Does this key count now, for that person? @throws Refused NOT_FOUND, REVOKED, WRONG_STATE (not approved yet) */
export function demandCounts(known: PrincipalRow | null, who: { jkt: string; urn: string }): PrincipalRow {
  if (known?.urn !== who.urn) throw new Refused('NOT_FOUND', { kind: 'key', id: who.jkt });
  if (known.revoked) throw new Refused('REVOKED', { kind: 'key', id: who.jkt });
  if (!known.approved)
    throw new Refused('WRONG_STATE', {
      kind: 'key',
      id: who.jkt,
      state: 'not approved yet',
      needs: 'approved by an operator',
    });
  if (known.disabled) throw new Refused('REVOKED', { kind: 'person', id: who.urn });
  return known;
}

/**
 * The slice for which a person's own service manager may have these tickets. Its row is locked first, so that of two requests at once the
 * second is judged by what the first was given. In the transaction that issues. @throws Refused NOT_FOUND, WRONG_STATE, BEYOND_APPROVAL
 */
export async function ownSliceFor(tx: Queryable, peer: Peer, input: z.infer<typeof IssueInput>): Promise<string> {
  const known = demandCounts(await readPrincipal(tx, peer.jkt), peer);
  const slice = await lockOwnSlice(tx, input.slice, known.userId);
  if (!slice) throw new Refused('NOT_FOUND', { kind: 'slice', id: input.slice });
  const reason = judgeOwnRequest(slice, input, await heldNodes(tx, slice));
  if (reason) throw new Refused(reason.code, reason.facts);
  return slice.id;
}
