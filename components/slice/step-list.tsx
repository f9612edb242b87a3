import { sentence } from '@/core/refusal-sentence';
import type { StepRow } from '@/protocol/api/slice';
import { StateShape } from '../ui/state-mark';
import { Time } from '../ui/time';
import { ProofFile, provenTicket } from './proof-file';

const WORDS: Record<string, string> = {
  plan: 'Nodes chosen',
  ticket: 'Ticket issued',
  redeem: 'Ticket redeemed for a lease',
  lease: 'Lease given',
  start: 'Started',
  running: 'Runs, by the node’s own word',
  keys: 'Members’ keys sent to its nodes',
  repair: 'Looked after',
  grow: 'Nodes chosen for more slivers',
  move: 'Moved to another node',
  substitute: 'Another node takes its place',
  release: 'Release asked for',
  gone: 'Gone from the node',
  renew: 'Lease renewed',
  expire: 'Lease over',
};
const OUTCOME = {
  ok: { tone: 'running', word: 'done' },
  retry: { tone: 'degraded', word: 'tried again' },
  failed: { tone: 'failed', word: 'failed' },
} as const;

/** A step's length in ms or s; steps are short, and the exact figure is what one looks for. */
function took(step: StepRow): string {
  const ms = step.endedAt.getTime() - step.startedAt.getTime();
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** Steps of deployment, newest first as given: what, how it went, how long it took, when. */
export function StepList({ steps, withNode, slice }: { steps: readonly StepRow[]; withNode: boolean; slice: string }) {
  if (steps.length === 0) return <p className="text-soft text-table">No step was taken yet.</p>;
  return (
    <ol className="text-table">
      {steps.map((s) => {
        const { tone, word } = OUTCOME[s.outcome];
        const proven = provenTicket(s.reason);
        return (
          <li
            className="grid grid-cols-[auto_minmax(0,1fr)_auto] gap-x-2.5 border-line border-b py-1.5 last:border-b-0"
            key={s.id}
          >
            <StateShape className="mt-[3px]" tone={tone} />
            <span className="min-w-0">
              {WORDS[s.step] ?? s.step}
              {withNode && s.hostname && <span className="ml-2 break-all font-mono text-soft">{s.hostname}</span>}
              {s.attempt > 1 && <span className="ml-2 text-faint">try {s.attempt}</span>}
              {s.outcome !== 'ok' && <span className="ml-2 text-soft">{word}</span>}
              {s.reason && <span className="block text-soft">{sentence(s.reason)}</span>}
              {proven && <ProofFile slice={slice} ticket={proven} />}
            </span>
            <span className="whitespace-nowrap text-right text-faint tabular-nums">
              {took(s)} · <Time at={s.endedAt} />
            </span>
          </li>
        );
      })}
    </ol>
  );
}
