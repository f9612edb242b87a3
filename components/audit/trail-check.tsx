'use client';
import { useMutation } from '@tanstack/react-query';
import { ShieldCheck } from 'lucide-react';
import type { AuditCheck } from '@/protocol/api/audit';
import { Unread } from '../refusal/refusal';
import { useTRPC } from '../trpc/client';
import { Button } from '../ui/button';
import { CopyLine } from '../ui/copy-button';
import { count, plural } from '../ui/format';
import { StateMark } from '../ui/state-mark';
import { Time } from '../ui/time';

/** Follows the whole chain at the press of a button, and says what it found. */
export function TrailCheck() {
  const trpc = useTRPC();
  const check = useMutation(trpc.audit.check.mutationOptions());
  return (
    <div className="flex flex-col gap-3">
      <div>
        <Button busy={check.isPending} onClick={() => check.mutate()}>
          <ShieldCheck aria-hidden="true" />
          {check.isPending ? 'Following the chain…' : 'Check the whole trail'}
        </Button>
      </div>
      {check.isError && <Unread error={check.error} onRetry={() => check.mutate()} what="The trail" />}
      {check.data && <Found check={check.data} />}
    </div>
  );
}

function Found({ check }: { check: AuditCheck }) {
  const { head, problem, seal, unchained } = check;
  const sound = !problem && unchained === 0;
  return (
    <div className="flex max-w-3xl flex-col gap-2 rounded border border-line bg-raised px-4 py-3" role="status">
      <StateMark tone={sound ? 'running' : 'failed'}>
        <span className="font-medium">
          {sound ? `${plural(check.rows, 'row')}, all as they were written.` : 'Somebody changed the trail.'}
        </span>
      </StateMark>
      {problem && (
        <p>
          {sentenceOf(problem.says)} The {count(check.rows)} before it hold.
        </p>
      )}
      {unchained > 0 && <p>{plural(unchained, 'row')} came in past the chain.</p>}
      <p className="text-soft">
        {seal ? (
          <>
            Sealed up to row {seal.seq}, <Time at={seal.at} />, by the key <code className="break-all">{seal.key}</code>
            .
          </>
        ) : (
          'No part of it is sealed yet: the worker does so each minute.'
        )}
      </p>
      {head && (
        <div className="flex flex-col gap-1">
          <p className="text-soft">Note this elsewhere, to see later whether the end was cut off:</p>
          <CopyLine text={`${head.seq}:${head.hash}`} what="the head" />
        </div>
      )}
    </div>
  );
}

const sentenceOf = (says: string) => `${says.charAt(0).toUpperCase()}${says.slice(1)}.`;
