import { sentence } from '@/core/refusal-sentence';
import type { TerminalNews } from '@/protocol/api/terminal';
import { knownReason } from '../refusal/refusal-of';

export type Over = Omit<Extract<TerminalNews, { t: 'over' }>, 't'>;

/** The connection went without a word: the server, the network, or this machine was asleep. */
export const LOST = 'The connection was lost, and what ran in the terminal was ended.';

/** Why a terminal is over, in words. */
export function overWords({ why, exitCode, reason }: Over): string {
  const known = reason && knownReason(reason);
  if (why === 'refused' && known?.code === 'NOT_SIGNED_IN')
    return 'Your session has ended, and the terminal with it. Sign in again.';
  if (why === 'refused' && (known?.code === 'NOT_ALLOWED' || known?.code === 'NOT_FOUND'))
    return 'You are no longer a member of this slice, so the terminal was closed.';
  if (known) return sentence(known);
  switch (why) {
    case 'exited':
      // 128 + SIGKILL: the shell's end may be told before the sliver's.
      if (exitCode === 137) return 'The shell was killed: the sliver was stopped, or it ran out of memory.';
      return exitCode === null || exitCode === 0 ? 'The shell ended.' : `The shell ended with exit code ${exitCode}.`;
    case 'idle':
      return 'Nothing was typed for an hour, so the terminal was closed.';
    case 'too-long':
      return 'The terminal was open for twelve hours, which is as long as one may be.';
    case 'stopped':
      return 'The sliver or its node manager stopped, and the terminal with it.';
    case 'restart':
      return 'Meridian is being restarted. Open the terminal again in a moment.';
    case 'node':
      return 'The node can no longer be reached.';
    case 'closed':
      return 'The terminal is closed.';
    default:
      return LOST;
  }
}
