import { z } from 'zod';
import { AccessView, TERMINAL_ENDS } from '../node-manager/access';
import * as c from './common';
import { ByName } from './slice';

/** Where the browser opens its WebSocket: one for each terminal. */
export const TERMINAL_PATH = '/api/terminal';

/** A sliver of a slice, by its node: a URN, an id, a hostname, or "this machine". */
export const SliverRef = ByName.extend({ node: z.string().min(1).max(256) });

export const SliverAccess = AccessView.extend({ node: z.string(), hostname: z.string() });
export type SliverAccess = z.infer<typeof SliverAccess>;

/** Leave to open one terminal, once, within half a minute. */
export const TerminalLeave = z.object({ token: z.string(), hostname: z.string() });

const size = { cols: z.int().min(2).max(1000), rows: z.int().min(1).max(500) };

/** What a browser says, as text; what it types goes as binary messages. */
export const TerminalAsk = z.discriminatedUnion('t', [
  z.object({ t: z.literal('open'), token: z.string().max(100), ...size }),
  z.object({ t: z.literal('size'), ...size }),
  /** So many bytes are on the screen: the server sends no more than a bounded lead. */
  z.object({ t: z.literal('shown'), bytes: z.int().min(0).max(1_000_000) }),
]);
export type TerminalAsk = z.infer<typeof TerminalAsk>;

/** Beside the node's own ends: rights that were lost, a node that went away, a web server that stops. */
export const TerminalWhy = z.enum([...TERMINAL_ENDS, 'refused', 'node', 'restart']);
export type TerminalWhy = z.infer<typeof TerminalWhy>;

/** What the server says, as text; what the terminal shows comes as binary messages. */
export const TerminalNews = z.discriminatedUnion('t', [
  z.object({ t: z.literal('open') }),
  z.object({ t: z.literal('over'), why: TerminalWhy, exitCode: z.int().nullable(), reason: c.Reason.nullable() }),
]);
export type TerminalNews = z.infer<typeof TerminalNews>;
