import { z } from 'zod';
import { statementId } from '../node-manager/schemas';

/** Ids in one answer; more connections are asked for with the next. */
export const MAX_DIALS = 16;

/** A long poll of a node that takes its calls by way of this agent. Which node it is, its certificate says and nothing else. */
export const AttendInput = z.object({
  /** Tells one life of a node manager's process from the next, so that what the last one left open is cut. */
  session: statementId,
});
export const AttendOutput = z.object({
  /** One-time ids: for each the node dials the agent, and greets it with the id (protocol/transport/relay.ts). */
  dial: z.array(z.string().regex(/^[A-Za-z0-9_-]{43}$/)).max(MAX_DIALS),
});
