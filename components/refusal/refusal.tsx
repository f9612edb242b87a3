import { sentence } from '@/core/refusal-sentence';
import { ErrorPanel } from '../ui/error-panel';
import { refusalOf } from './refusal-of';

/** What went wrong with an act, in words: the refusal's sentence, or what is known of an outage. */
export function wordsFor(error: unknown): string {
  const refusal = refusalOf(error);
  if (refusal) return sentence(refusal);
  if (error instanceof TypeError || (error instanceof Error && /fetch|network/i.test(error.message))) {
    return 'Meridian did not answer: your connection or the server is down. What you typed is still here; try again in a moment.';
  }
  return `Something went wrong on our side. Nothing you typed is lost; try again in a moment.${requestIdOf(error)}`;
}

function requestIdOf(error: unknown): string {
  const id = (error as { data?: { requestId?: unknown } } | null)?.data?.requestId;
  return typeof id === 'string' ? ` If it stays, tell an operator this number: ${id}.` : '';
}

/** The answer "no" to an act, next to where the act is. */
export function Refusal({ error }: { error: unknown }) {
  if (!error) return null;
  return (
    <p className="rounded border border-danger bg-danger-soft px-3 py-2" role="alert">
      {wordsFor(error)}
    </p>
  );
}

/** A part of a page that could not be read, with a way to try again. */
export function Unread({
  what,
  error,
  onRetry,
  busy,
}: {
  what: string;
  error: unknown;
  onRetry: () => void;
  busy?: boolean;
}) {
  return (
    <ErrorPanel busy={busy} onRetry={onRetry} title={`${what} could not be read.`}>
      {wordsFor(error)}
    </ErrorPanel>
  );
}
