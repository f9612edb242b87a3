import type { Enrolment } from '../enrolment/enrolment';
import type { Mishap } from '../journal/mishap';
import type { LeaseRecord, NodeEvent, NodeState } from '../lease/node-state';
import { newStatementId } from '../lease/redeem';

type Memory = { mishap: Mishap | null; now: () => number };

/**
 * Why a node has to begin a new incarnation, or null: its journal was found wrong; it is enrolled and nothing is remembered of it; it is enrolled
 * with an incarnation that comes after all that is remembered.
 */
export function mishapOf(state: NodeState, enrolled: Enrolment | null, memory: Memory): Mishap | null {
  if (state.mishap) return state.mishap;
  if (!enrolled || enrolled.incarnation === state.incarnation) return null;
  if (!state.incarnation)
    return memory.mishap ?? { why: 'lost', problem: 'nothing of it is there', aside: null, at: memory.now() };
  // Killed between the beginning of an incarnation and the word of it: the enrolment is the older one.
  if (state.lives.some((life) => life.incarnation === enrolled.incarnation)) return null;
  const problem = `it knows nothing of incarnation ${enrolled.incarnation}, with which the node is enrolled`;
  return { why: 'rolled-back', problem, aside: null, at: memory.now() };
}

/**
 * The event that begins an incarnation. After a mishap a lease goes on when its record verified and its sliver is `found` on the host: a
 * release takes the sliver away, so that what is there was not released. All others are over. `now`: epoch ms.
 */
export function newLife(
  state: NodeState,
  mishap: Mishap | null,
  found: readonly string[],
  now: number,
): { event: NodeEvent & { t: 'born' }; over: LeaseRecord[] } {
  const incarnation = newStatementId();
  if (!mishap) return { event: { t: 'born', at: now, incarnation, because: null }, over: [] };
  const there = new Set(found);
  const leases = [...state.leases.values()];
  const keep = leases.filter(({ jti }) => there.has(jti)).map(({ jti }) => jti);
  return {
    event: { t: 'born', at: now, incarnation, because: mishap, keep },
    over: leases.filter(({ jti }) => !there.has(jti)),
  };
}
