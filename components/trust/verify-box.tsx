'use client';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { MAX_PASTE } from '@/protocol/api/trust';
import { hasEd25519 } from '@/protocol/statement/web-verify';
import { wordsFor } from '../refusal/refusal';
import { useTRPC } from '../trpc/client';
import { Button } from '../ui/button';
import { Field } from '../ui/field';
import { Textarea } from '../ui/input';
import { Section } from '../ui/page';
import { PastedResult, Refusal } from './pasted-result';
import { type Pasted, verifyPasted } from './verify-pasted';

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
  return <PastedResult pasted={outcome.pasted} />;
}
