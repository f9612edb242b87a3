import { Refused } from './errors';

/**
 * A pure transition table: for each state, what each event that is allowed in it leads to. States without events are
 * final.
 */
export type Transitions<State extends string, Event extends string> = Readonly<
  Record<State, Readonly<Partial<Record<Event, State>>>>
>;

/** The state the event leads to, or null when it is not allowed in this one. */
export function nextState<S extends string, E extends string>(table: Transitions<S, E>, state: S, event: E): S | null {
  const row: Readonly<Partial<Record<E, S>>> = table[state];
  return Object.hasOwn(row, event) ? (row[event] ?? null) : null;
}

/** As `nextState`; an event that is not allowed throws `WRONG_STATE` with the states in which it would be. */
export function step<S extends string, E extends string>(
  kind: string,
  table: Transitions<S, E>,
  state: S,
  event: E,
  id?: string,
): S {
  const next = nextState(table, state, event);
  if (next !== null) return next;
  // The table's own keys are its states.
  const needs = (Object.keys(table) as S[]).filter((s) => nextState(table, s, event) !== null).join(' or ');
  throw new Refused('WRONG_STATE', { kind, ...(id === undefined ? {} : { id }), state, needs });
}
