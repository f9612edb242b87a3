'use client';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { KeyView } from '@/protocol/api/people';
import { Refusal, Unread, wordsFor } from '../refusal/refusal';
import { refusalOf } from '../refusal/refusal-of';
import { useTRPC } from '../trpc/client';
import { Button } from '../ui/button';
import { CopyButton } from '../ui/copy-button';
import { Confirm } from '../ui/dialog';
import { Empty } from '../ui/empty';
import { Field } from '../ui/field';
import { plural } from '../ui/format';
import { Input, Textarea } from '../ui/input';
import { Page, Section } from '../ui/page';
import { TableSkeleton } from '../ui/skeleton';
import { Time } from '../ui/time';
import { OwnManagers } from './own-managers';

/** One's public keys: what the nodes let in to one's slivers. */
export function KeysView() {
  const trpc = useTRPC();
  const keys = useQuery(trpc.keys.list.queryOptions());
  return (
    <Page
      facts="Your public keys go to every sliver of your slices, within seconds. The private half never leaves you."
      title="Keys"
    >
      <div className="grid items-start gap-x-12 gap-y-8 lg:grid-cols-[minmax(0,1fr)_24rem]">
        <Section aside={keys.data && keys.data.length > 0 ? plural(keys.data.length, 'key') : null} title="Your keys">
          {keys.isPending && <TableSkeleton rows={2} />}
          {keys.isError && (
            <Unread busy={keys.isFetching} error={keys.error} onRetry={() => void keys.refetch()} what="Your keys" />
          )}
          {keys.data?.length === 0 && (
            <Empty title="No keys yet">Add the public key of each machine you work from.</Empty>
          )}
          {keys.data && keys.data.length > 0 && (
            <ul className="border-line border-t">
              {keys.data.map((key) => (
                <Key key={key.id} view={key} />
              ))}
            </ul>
          )}
        </Section>
        <AddKey />
      </div>
      <OwnManagers />
    </Page>
  );
}

function Key({ view }: { view: KeyView }) {
  const [asking, setAsking] = useState(false);
  const trpc = useTRPC();
  const cache = useQueryClient();
  const remove = useMutation(
    trpc.keys.remove.mutationOptions({ onSuccess: () => cache.invalidateQueries(trpc.keys.list.queryFilter()) }),
  );
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 border-line border-b py-2 text-table">
      <div className="min-w-0 flex-1">
        <p>
          <b className="wrap-anywhere font-medium">{view.name}</b> <span className="text-soft">{view.type}</span>
        </p>
        <p className="flex items-center gap-1 text-soft">
          <code className="truncate">{view.fingerprint}</code>
          <CopyButton text={view.fingerprint} what="the fingerprint" />
        </p>
      </div>
      <span className="text-soft">
        added <Time at={view.createdAt} />
      </span>
      <Button aria-label={`Remove ${view.name}`} kind="quiet" onClick={() => setAsking(true)} size="sm">
        Remove
      </Button>
      <Confirm
        act="Remove"
        busy={remove.isPending}
        description="It is taken off every sliver of your slices within seconds. Who is logged in with it stays until they leave."
        onConfirm={() => remove.mutate({ id: view.id })}
        onOpenChange={setAsking}
        open={asking}
        problem={<Refusal error={remove.error} />}
        title={<>Remove the key “{view.name}”</>}
      />
    </li>
  );
}

function AddKey() {
  const [name, setName] = useState('');
  const [publicKey, setPublicKey] = useState('');
  const [tried, setTried] = useState(false);
  const trpc = useTRPC();
  const cache = useQueryClient();
  const add = useMutation(
    trpc.keys.add.mutationOptions({
      onSuccess: () => {
        setName('');
        setPublicKey('');
        setTried(false);
        void cache.invalidateQueries(trpc.keys.list.queryFilter());
      },
    }),
  );
  const refusal = refusalOf(add.error);
  const atKey = refusal?.facts.field === 'publicKey';
  const atName = refusal?.facts.field === 'name';
  const mine = privateHalf(publicKey);
  const nameError = tried && name.trim() === '' ? 'Give the key a name.' : atName ? wordsFor(add.error) : undefined;
  const keyError =
    mine ?? (tried && publicKey.trim() === '' ? 'Paste a public key.' : atKey ? wordsFor(add.error) : undefined);

  function submit(event: FormEvent) {
    event.preventDefault();
    setTried(true);
    if (name.trim() && publicKey.trim() && !mine) add.mutate({ name: name.trim(), publicKey: publicKey.trim() });
  }
  /** "ssh-ed25519 AAAA… ada@laptop" names itself. */
  function paste(text: string) {
    setPublicKey(text);
    const comment = text.trim().split(/\s+/)[2];
    if (name === '' && comment) setName(comment.slice(0, 100));
  }
  return (
    <Section title="Add a key">
      <form className="flex flex-col gap-4" noValidate onSubmit={submit}>
        <Field
          error={keyError}
          hint={
            <>
              One line, as in <code>~/.ssh/id_ed25519.pub</code>.
            </>
          }
          label="Public key"
        >
          {(aria) => (
            <Textarea
              {...aria}
              autoComplete="off"
              className="break-all font-mono text-table"
              maxLength={16_384}
              onChange={(e) => paste(e.target.value)}
              placeholder="ssh-ed25519 AAAAC3Nza…"
              rows={4}
              spellCheck={false}
              value={publicKey}
            />
          )}
        </Field>
        <Field error={nameError} label="Name">
          {(aria) => (
            <Input
              {...aria}
              maxLength={100}
              onChange={(e) => setName(e.target.value)}
              placeholder="laptop"
              value={name}
            />
          )}
        </Field>
        {!atKey && !atName && <Refusal error={add.error} />}
        <Button busy={add.isPending} className="self-start" kind="primary" type="submit">
          Add key
        </Button>
      </form>
    </Section>
  );
}

/** A private key pasted by mistake must not be sent. */
function privateHalf(text: string): string | undefined {
  return /BEGIN [A-Z ]*PRIVATE KEY/.test(text)
    ? 'This is a private key; it was not sent. Paste the public half, the line in the file that ends in .pub.'
    : undefined;
}
