import { Refused } from '../errors';
import type { SliceState } from './state';

/** States in which a slice may grow, shrink and move: its slivers are on nodes, and its term runs. */
export const CHANGEABLE_STATES = ['deploying', 'active', 'degraded'] as const satisfies readonly SliceState[];

export function isChangeable(state: string): boolean {
  return CHANGEABLE_STATES.some((changeable) => changeable === state);
}

/** Not one that its people run with a service manager of their own: they do so themselves. @throws Refused WRONG_STATE, CONFLICT */
export function demandChangeable(name: string, state: string, ownManager: boolean): void {
  if (ownManager)
    throw new Refused('CONFLICT', {
      kind: 'slice',
      id: name,
      problem: 'its people run it with a service manager of their own, which takes, releases and moves its slivers',
    });
  if (isChangeable(state)) return;
  throw new Refused('WRONG_STATE', { kind: 'slice', id: name, state, needs: 'deploying, active or degraded' });
}

/** Moves of one slice that are under way at once: a quarter of its slivers, at least one, at most 50. So far it may exceed its count. */
export function movesAtOnce(sliverCount: number): number {
  return Math.min(50, Math.max(1, Math.ceil(sliverCount / 4)));
}

/** How many nodes a move tries where the broker chooses; where a person picked the node there is one. */
export const MOVE_TRIES = 3;

/** What is known of a move, and of the two slivers. */
export type MoveSituation = {
  /** Is the slice in a state in which things move? */
  changeable: boolean;
  /** How the sliver that is to leave stands. */
  from: 'wanted' | 'failed' | 'gone';
  /** How the new one stands; null: there is none now. */
  to: 'underway' | 'running' | 'failed' | null;
  /** Nodes that were tried and failed, `to`'s counted when it has failed. */
  tries: number;
  picked: boolean;
};

/**
 * What follows for a move. `done`: the new one runs, so that the old one may go. `retry`: another node is tried. `fail`: the old one stays.
 * `cancel`: nothing is to be moved any more (the sliver was given up, the slice ended), and the new one goes. `wait`: nothing yet.
 * Make before break: `done` only ever follows `running`.
 */
export function judgeMove(m: MoveSituation): 'wait' | 'done' | 'retry' | 'fail' | 'cancel' {
  if (!m.changeable || m.from === 'gone') return 'cancel';
  if (m.to === 'running') return 'done';
  if (m.to !== 'failed') return 'wait';
  return m.picked || m.tries >= MOVE_TRIES ? 'fail' : 'retry';
}
