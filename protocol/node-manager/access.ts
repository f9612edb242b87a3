import { z } from 'zod';
import { plainText, ReasonSchema, urn } from './schemas';

/** Getting into a sliver: by ssh, and by a terminal that the deployment's web shows. */

export const SshView = z.object({
  // A node says them, and they end in people's shells: nothing that ssh or a shell would read otherwise.
  host: z.string().regex(/^[A-Za-z0-9:][A-Za-z0-9.:_-]{0,254}$/),
  port: z.int().min(1).max(65_535),
  login: z.string().regex(/^[a-z_][a-z0-9_-]{0,31}$/),
  /** "ssh-ed25519 AAAA…": what a client must find there. */
  hostKey: z.string().regex(/^ssh-ed25519 [A-Za-z0-9+/]{60,100}={0,2}$/),
  /** "SHA256:…" of it. */
  fingerprint: z.string().regex(/^SHA256:[A-Za-z0-9+/]{43}$/),
});
export type SshView = z.infer<typeof SshView>;

export const AccessView = z.object({
  ssh: SshView.nullable(),
  /** Why not by ssh. */
  noSsh: ReasonSchema.nullable(),
  /** Why no terminal; null when one can be opened. */
  noTerminal: ReasonSchema.nullable(),
});
export type AccessView = z.infer<typeof AccessView>;

const Cols = z.int().min(2).max(1000);
const Rows = z.int().min(1).max(500);
/** Names a terminal on its node; known to who opened it alone. */
const TerminalId = z.string().regex(/^[A-Za-z0-9_-]{22}$/);
/** Most bytes of one answer, and of one call. */
export const TERMINAL_READ_BYTES = 65_536;
export const TERMINAL_WRITE_BYTES = 32_768;
const bytes = (max: number) => z.base64().max(Math.ceil(max / 3) * 4);

export const TerminalOpenInput = z.object({
  slice: urn,
  cols: Cols,
  rows: Rows,
  /** Who sits there, for the node's own log. */
  who: plainText(256),
});
export const TerminalOpenOutput = z.object({ id: TerminalId });

/** Why a terminal is over. */
export const TERMINAL_ENDS = ['exited', 'closed', 'idle', 'too-long', 'unread', 'stopped'] as const;
export const TerminalEnd = z.enum(TERMINAL_ENDS);
export type TerminalEnd = z.infer<typeof TerminalEnd>;

export const TerminalReadInput = z.object({
  id: TerminalId,
  /** Bytes that were read so far: what lies before is forgotten; the same call again gives the same bytes again. */
  from: z.int().min(0),
  /** Long poll: answer when there is something, or after so many ms. */
  waitMs: z.int().min(0).max(20_000),
});
export const TerminalReadOutput = z.object({
  data: bytes(TERMINAL_READ_BYTES),
  /** Over, and all of it read. */
  over: z.object({ why: TerminalEnd, exitCode: z.int().nullable() }).nullable(),
});

export const TerminalWriteInput = z.object({
  id: TerminalId,
  /** Bytes that were written so far: what came before already is not typed twice. */
  at: z.int().min(0),
  data: bytes(TERMINAL_WRITE_BYTES),
  /** The size from now on. */
  size: z.object({ cols: Cols, rows: Rows }).optional(),
});
export const TerminalWriteOutput = z.object({ taken: z.int() });

export const TerminalCloseInput = z.object({ id: TerminalId });
export const TerminalCloseOutput = z.object({ closed: z.boolean() });
