'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import Link from 'next/link';
import { useState } from 'react';
import { formatAmount } from '@/core/format/number';
import { sentence } from '@/core/refusal-sentence';
import type { PendingRequest } from '@/protocol/api/approval';
import { countryName } from '../fleet/filters';
import { Refusal } from '../refusal/refusal';
import { QuotaLines } from '../slice/quota-lines';
import { wantsMore } from '../slice/requests';
import { useTRPC } from '../trpc/client';
import { Button } from '../ui/button';
import { Field } from '../ui/field';
import { count, duration, plural } from '../ui/format';
import { Textarea } from '../ui/input';
import { Fact, Facts } from '../ui/page';
import { Time } from '../ui/time';
import { toast } from '../ui/toast';

/** One request: who, why, what, what it would use of the quota; and the decision. */
export function RequestPanel({ request }: { request: PendingRequest }) {
  const { slice } = request;
  return (
    <article aria-labelledby={`request-${request.id}`} className="rounded border border-line bg-raised">
      <header className="flex flex-wrap items-baseline gap-x-3 gap-y-1 border-line border-b px-4 py-3">
        <h2 className="font-semibold" id={`request-${request.id}`}>
          <Link className="link font-mono" href={`/slices/${slice.name}`}>
            {slice.name}
          </Link>
        </h2>
        <span>
          {request.kind === 'create'
            ? `${plural(slice.sliverCount, 'sliver')} for ${duration(request.termSeconds)}`
            : request.kind === 'change'
              ? `${count(slice.sliverCount)} → ${plural(slice.sliverCount + wantsMore(request), 'sliver')}, +${count(wantsMore(request))}`
              : `${duration(request.termSeconds)} more for ${plural(slice.sliverCount, 'sliver')}`}
        </span>
        <span className="ml-auto text-soft text-table">
          {request.requestedBy.name}, <Time at={request.createdAt} />
        </span>
      </header>
      <div className="grid gap-x-10 gap-y-5 px-4 py-4 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <div className="flex min-w-0 flex-col gap-4">
          <blockquote className="max-w-prose wrap-anywhere whitespace-pre-wrap">{request.reason}</blockquote>
          <What request={request} />
        </div>
        <div>
          <h3 className="mb-3 text-table">
            <b className="font-semibold">Quota of {request.quota.site.name}</b>
            <span className="block text-soft">used + this / limit</span>
          </h3>
          <QuotaLines quota={request.quota} />
        </div>
      </div>
      <footer className="border-line border-t px-4 py-3">
        {request.mayDecide ? (
          <Decide request={request} />
        ) : (
          <p className="text-soft">
            This is your own request, so it is not yours to decide. Another PI of the site or an operator does.
          </p>
        )}
      </footer>
    </article>
  );
}

function What({ request }: { request: PendingRequest }) {
  const { spec } = request.slice;
  const r = spec.resources;
  // A change shows what it would add; its countries hold for that only.
  const asked = request.change ?? { ...spec, onlyCountries: [] };
  const only =
    request.change && request.change.onlyCountries.length > 0 ? request.change.onlyCountries : spec.onlyCountries;
  const where = [
    asked.count > 0 &&
      `${plural(asked.count, request.change ? 'further node' : 'node')} that ${spec.ownManager ? 'they choose' : 'the broker chooses'}`,
    asked.picked.length > 0 && `${plural(asked.picked.length, 'picked node')}`,
  ]
    .filter(Boolean)
    .join(', ');
  const countries = [
    spec.minCountries > 1 && `at least ${count(spec.minCountries)}`,
    only.length > 0 && `only ${only.map(countryName).join(', ')}`,
  ]
    .filter(Boolean)
    .join('; ');
  return (
    <Facts className="max-w-xl">
      <Fact name="Asked by">
        {request.requestedBy.name}, {request.requestedBy.email}
      </Fact>
      <Fact name="Nodes">{where}</Fact>
      {spec.ownManager && <Fact name="Run by">Their own service manager: they lease these nodes themselves</Fact>}
      <Fact name="Countries">{countries || 'any'}</Fact>
      <Fact name="Each sliver">
        {formatAmount('cpuMilli', r.cpuMilli)}, {formatAmount('memoryMiB', r.memoryMiB)} memory,{' '}
        {formatAmount('diskMiB', r.diskMiB)} disk, {formatAmount('networkKbps', r.networkKbps)}
      </Fact>
      <Fact name="Worth having with">
        {spec.minimum >= request.slice.sliverCount ? 'all of them' : `${plural(spec.minimum, 'sliver')} or more`}
      </Fact>
      {request.kind === 'renew' && request.slice.endsAt && (
        <Fact name="Ends">
          <Time at={request.slice.endsAt} />
          <span className="mx-1.5 text-faint" role="img" aria-label="and with this">
            →
          </span>
          <Time at={new Date(request.slice.endsAt.getTime() + request.termSeconds * 1000)} />
        </Fact>
      )}
      {request.kind === 'renew' && request.slice.latestEnd && (
        <Fact name="At the latest">
          <Time at={request.slice.latestEnd} />
          <span className="ml-1.5 text-soft">{duration(request.quota.maxTotalSeconds)} in all</span>
        </Fact>
      )}
      {request.kind === 'change' && request.slice.endsAt && (
        <Fact name="Ends">
          <Time at={request.slice.endsAt} /> with the slice
        </Fact>
      )}
    </Facts>
  );
}

function Decide({ request }: { request: PendingRequest }) {
  const [comment, setComment] = useState('');
  const [missing, setMissing] = useState(false);
  const trpc = useTRPC();
  const cache = useQueryClient();
  const decide = useMutation(
    trpc.approvals.decide.mutationOptions({
      onSuccess: ({ name }, { outcome }) => {
        toast(outcome === 'approved' ? `${name} is approved` : `${name} is rejected`, {
          description:
            outcome === 'approved'
              ? request.kind === 'create'
                ? 'It goes live by itself.'
                : request.kind === 'change'
                  ? 'It grows by itself.'
                  : 'Its nodes get the new end by themselves.'
              : 'Who asked sees your comment.',
        });
        void cache.invalidateQueries(trpc.approvals.pathFilter());
        void cache.invalidateQueries(trpc.me.pathFilter());
        void cache.invalidateQueries(trpc.slices.pathFilter());
      },
    }),
  );
  const say = (outcome: 'approved' | 'rejected') => {
    const empty = outcome === 'rejected' && comment.trim() === '';
    setMissing(empty);
    if (!empty) decide.mutate({ requestId: request.id, outcome, comment: comment.trim() });
  };
  return (
    <div className="flex flex-col gap-3">
      {request.overQuota && (
        <p className="text-danger" role="note">
          {sentence(request.overQuota)}
        </p>
      )}
      <Field error={missing && 'Say why, so that it can be asked for better.'} label="Comment" optional>
        {(aria) => (
          <Textarea
            {...aria}
            maxLength={2000}
            onChange={(e) => setComment(e.target.value)}
            placeholder="Needed when you reject"
            rows={2}
            value={comment}
          />
        )}
      </Field>
      <Refusal error={decide.error} />
      <div className="flex flex-wrap gap-2">
        <Button
          busy={decide.isPending && decide.variables.outcome === 'approved'}
          disabled={decide.isPending || request.overQuota !== null}
          kind="primary"
          onClick={() => say('approved')}
        >
          Approve
        </Button>
        <Button
          busy={decide.isPending && decide.variables.outcome === 'rejected'}
          disabled={decide.isPending}
          onClick={() => say('rejected')}
        >
          Reject
        </Button>
      </div>
    </div>
  );
}
