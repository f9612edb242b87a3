import type { TicketVerifyContext } from '@/protocol/statement/ticket';
import { statementWorld } from '../statements';

/** Statements that attacks are made from, and the node's view of them: made once. */
export const world = statementWorld();

/** A chain of three links from the node to the agent. */
export const three = world.chained(3);

/**
 * Something that a node is shown and must refuse. `make` gives the ticket's text; `over` is what the node knows otherwise. `says`: what its refusal
 * has to say where the code alone could come from something else.
 */
export type Attack = {
  name: string;
  make: () => string;
  over?: () => Partial<TicketVerifyContext>;
  code: string;
  says?: RegExp;
};
export type AttackGroup = { group: string; attacks: Attack[] };
