'use client';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { sentence } from '@/core/refusal-sentence';
import { MAX_PASTE } from '@/protocol/api/trust';
import { hasEd25519 } from '@/protocol/statement/web-verify';
import { wordsFor } from '../refusal/refusal';
import { useTRPC } from '../trpc/client';
import { Button } from '../ui/button';
import { Field } from '../ui/field';
import { Textarea } from '../ui/input';
import { Section } from '../ui/page';
import { StateMark } from '../ui/state-mark';
import { DelegationWords, RawClaims } from './claims-words';
import { type Pasted, verifyPasted } from './verify-pasted';

const KIND: Record<string, string> = {
  'delegation+jwt': 'delegation',
  'ticket+jwt': 'ticket',
  'lease+jwt': 'lease',
  'receipt+jwt': 'receipt',
};
type Outcome = { of: string } & ({ pasted: Pasted } | { unable: true } | { problem: string });

/** A box for any signed statement: decoded and verified here, refused with the exact reason. */
export function VerifyBox() {
  const trpc = useTRPC();
  const cache = useQueryClient();
  const [text, setText] = useState('');
  const [busy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const verify = async (event: FormEvent) => {
    event.preventDefault();
    const of = text.trim();
    setBusy(true);
    try {
      const lookup = (jkt: string) => cache.fetchQuery(trpc.trust.key.queryOptions({ jkt }, { staleTime: 60_000 }));
      if (!(await hasEd25519())) setOutcome({ of, unable: true });
      else setOutcome({ of, pasted: await verifyPasted(of, lookup, Date.now()) });
    } catch (error) {
      setOutcome({ of, problem: wordsFor(error) });
    }
    setBusy(false);
  };
  return (
    <Section title="Verify another statement">
      <form className="flex flex-col items-start gap-3" onSubmit={(event) => void verify(event)}>
        <Field
          className="w-full"
          hint="A delegation, ticket, lease or receipt, as it was copied. It is verified in this browser and goes nowhere; only its signer’s key is looked up."
          label="Signed statement"
        >
          {(aria) => (
            <Textarea
              {...aria}
              className="font-mono text-table"
              maxLength={MAX_PASTE + 1}
              onChange={(event) => setText(event.target.value)}
              placeholder="eyJhbGciOiJFZERTQSIsInR5cCI6…"
              rows={4}
              spellCheck={false}
              value={text}
            />
          )}
        </Field>
        <Button busy={busy} disabled={text.trim() === ''} type="submit">
          Verify
        </Button>
      </form>
      <div aria-live="polite" className="mt-4">
        {outcome && outcome.of === text.trim() && <Result outcome={outcome} />}
      </div>
    </Section>
  );
}

function Result({ outcome }: { outcome: Outcome }) {
  if ('problem' in outcome) return <Refusal word="Could not be verified">{outcome.problem}</Refusal>;
  if ('unable' in outcome)
    return (
      <Refusal word="This browser has no Ed25519">
        Run <code>meridian inspect &lt;statement&gt;</code>, or use a newer browser.
      </Refusal>
    );
  const { pasted } = outcome;
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

function Refusal({ word, children }: { word: string; children: React.ReactNode }) {
  return (
    <div className="rounded border border-danger bg-danger-soft px-3 py-2" role="alert">
      <StateMark tone="failed">
        <b className="font-medium">{word}</b>
      </StateMark>
      <p className="mt-0.5 text-table">{children}</p>
    </div>
  );
}
