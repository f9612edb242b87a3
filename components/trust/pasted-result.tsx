import type { ReactNode } from 'react';
import { sentence } from '@/core/refusal-sentence';
import { StateMark } from '../ui/state-mark';
import { DelegationWords, RawClaims } from './claims-words';
import type { Pasted } from './verify-pasted';

const KIND: Record<string, string> = {
  'delegation+jwt': 'delegation',
  'ticket+jwt': 'ticket',
  'lease+jwt': 'lease',
  'receipt+jwt': 'receipt',
};
/** What was found of a statement: refused with the exact reason, unknown, or verified, with what it says. */
export function PastedResult({ pasted }: { pasted: Pasted }) {
  if (pasted.verdict === 'refused')
    return (
      <Refusal word="Refused">
        {sentence(pasted.reason)} <code>{pasted.reason.code}</code>
      </Refusal>
    );
  if (pasted.verdict === 'unknown')
    return (
      <Refusal word="The signer is not known here">
        It says it is a {KIND[pasted.type]} signed with the key <code className="break-all">{pasted.kid}</code>, which
        is no node’s and no agent’s of this deployment. Nothing in it is believed.
      </Refusal>
    );
  const { type, claims, signer, signatures, rules } = pasted;
  return (
    <div className="flex flex-col gap-3">
      <div className="rounded border border-line bg-sunken px-3 py-2">
        <StateMark tone={rules ? 'degraded' : 'running'}>
          <b className="font-medium">{rules ? 'Signed so, but it does not count' : 'Verified in this browser'}</b>
        </StateMark>
        <p className="mt-0.5 text-soft text-table">
          A {KIND[type]} signed by {signer.owner}
          {signer.retired ? ' with a key that no longer counts' : ''};{' '}
          {signatures === 1 ? 'its signature holds' : `all ${signatures} signatures hold`}.
          {rules && (
            <>
              {' '}
              {sentence(rules)} <code>{rules.code}</code>
            </>
          )}
        </p>
      </div>
      {'granteeUrn' in claims && <DelegationWords claims={claims} />}
      <RawClaims claims={claims} />
    </div>
  );
}

export function Refusal({ word, children }: { word: string; children: ReactNode }) {
  return (
    <div className="rounded border border-danger bg-danger-soft px-3 py-2" role="alert">
      <StateMark tone="failed">
        <b className="font-medium">{word}</b>
      </StateMark>
      <p className="mt-0.5 text-table">{children}</p>
    </div>
  );
}
