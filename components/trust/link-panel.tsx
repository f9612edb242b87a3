'use client';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { sentence } from '@/core/refusal-sentence';
import type { HardResource } from '@/core/resources/vector';
import type { LinkDetail } from '@/protocol/api/trust';
import type { WebLink } from '@/protocol/statement/web-chain';
import { Unread } from '../refusal/refusal';
import { useTRPC } from '../trpc/client';
import { CopyButton, CopyLine } from '../ui/copy-button';
import { Section } from '../ui/page';
import { Skeleton } from '../ui/skeleton';
import { StateMark } from '../ui/state-mark';
import { Time } from '../ui/time';
import { DelegationWords, RawClaims } from './claims-words';
import { RevokeLink } from './revoke-link';
import { UseBars } from './use-bars';
import { useVerified, type Verified } from './use-verified';
import { allAmounts, degree, STATE } from './words';

/** One delegation: its statement verified here, the chain above it, its use, and who may take it back. */
export function LinkPanel({ id, resource }: { id: string; resource: HardResource }) {
  const trpc = useTRPC();
  const found = useQuery(trpc.trust.link.queryOptions({ id }));
  if (found.isError)
    return <Unread busy={found.isFetching} error={found.error} onRetry={() => void found.refetch()} what="The link" />;
  if (!found.data) return <Skeleton className="h-72 w-full" />;
  return <Statement detail={found.data} key={id} resource={resource} />;
}

function Statement({ detail, resource }: { detail: LinkDetail; resource: HardResource }) {
  const { link } = detail;
  const verified = useVerified(detail);
  const links = verified.data && 'links' in verified.data ? verified.data.links : null;
  const claims = links?.at(-1)?.claims ?? null;
  const text = detail.chain.at(-1)?.text ?? '';
  const { tone, word, means } = STATE[link.state];
  return (
    <div className="flex flex-col gap-5">
      <header>
        <h3 className="wrap-anywhere font-semibold">
          <Link className="link" href={`/nodes/${link.node.id}`}>
            {link.node.hostname}
          </Link>{' '}
          {link.issuer ? `by way of ${link.issuer.name} ` : ''}to {link.grantee.name}
        </h3>
        <p className="mt-1 text-soft text-table">
          <StateMark tone={tone}>{word}</StateMark>. {means}
        </p>
      </header>
      {verified.data ? (
        <Banner chain={detail.chain.length} verified={verified.data} />
      ) : (
        <Skeleton className="h-16 w-full" />
      )}
      <Section title="From the node on">
        <ol className="flex flex-col gap-2">
          {detail.chain.map((step, i) => (
            <ChainStep at={i + 1} found={links?.[i] ?? null} key={step.id} step={step} />
          ))}
        </ol>
      </Section>
      {claims && (
        <Section aside={<CopyButton text={text} what="the signed statement" />} title="The statement">
          <DelegationWords claims={claims} />
          <RawClaims claims={claims} />
          <div className="mt-2">
            <CopyLine text={text} what="the signed statement" />
          </div>
        </Section>
      )}
      <Section
        aside={
          <>
            as of <Time at={detail.at} />
          </>
        }
        title="What is used of it"
      >
        <UseBars resource={resource} use={link.use} />
      </Section>
      <Section title="Taking it back">
        <p className="text-soft text-table">{detail.whoMayRevoke}</p>
        {detail.mayRevoke && link.state !== 'taken-back' && link.state !== 'expired' && (
          <div className="mt-3">
            <RevokeLink id={link.id} />
          </div>
        )}
      </Section>
    </div>
  );
}

function Banner({ verified, chain }: { verified: Verified; chain: number }) {
  if ('unable' in verified)
    return (
      <div className="rounded border border-line bg-sunken px-3 py-2 text-table" role="status">
        {verified.unable === 'no-key' ? (
          'The node has no enrolled key at present, so nothing is known to verify its word with.'
        ) : (
          <>
            This browser has no Ed25519, so it cannot verify the signatures. Copy the statement and run{' '}
            <code>meridian inspect &lt;statement&gt;</code>, or use a newer browser.
          </>
        )}
      </div>
    );
  const broken = verified.links.find((link) => link.reason)?.reason;
  return verified.holds ? (
    <div className="rounded border border-line bg-sunken px-3 py-2" role="status">
      <StateMark tone="running">
        <b className="font-medium">Verified in this browser</b>
      </StateMark>
      <p className="mt-0.5 text-soft text-table">
        {chain === 1
          ? 'The signature holds under the node’s own key'
          : `All ${chain} signatures hold, from the node’s own key on`}
        , and the rules by which a node judges it.
      </p>
    </div>
  ) : (
    <div className="rounded border border-danger bg-danger-soft px-3 py-2" role="alert">
      <StateMark tone="failed">
        <b className="font-medium">Does not hold in this browser</b>
      </StateMark>
      {broken && (
        <p className="mt-0.5 text-table">
          {sentence(broken)} <code>{broken.code}</code>
        </p>
      )}
    </div>
  );
}

function ChainStep({ at, step, found }: { at: number; step: LinkDetail['chain'][number]; found: WebLink | null }) {
  const claims = found?.claims;
  return (
    <li className="rounded border border-line px-3 py-2 text-table">
      <div className="flex items-baseline gap-2">
        <span className="text-faint tabular-nums">{at}</span>
        <span className="min-w-0 flex-1 truncate">
          <b className="font-medium">{step.issuer}</b> to <b className="font-medium">{step.grantee}</b>
        </span>
        <StateMark tone={STATE[step.state].tone}>{STATE[step.state].word}</StateMark>
      </div>
      {claims && (
        <p className="mt-1 text-soft">
          {allAmounts(claims.rights)}; {degree(claims.degreeMilli)}; until <Time at={new Date(claims.exp * 1000)} />
        </p>
      )}
      {found && (
        <p className="mt-1 flex flex-wrap gap-x-4">
          <Verdict of="Signature" verdict={found.signature} />
          <Verdict of="Rules" verdict={found.rules === 'hold' ? 'holds' : found.rules} />
        </p>
      )}
    </li>
  );
}

function Verdict({ of, verdict }: { of: string; verdict: 'holds' | 'broken' | 'not judged' }) {
  const tone = verdict === 'holds' ? 'running' : verdict === 'broken' ? 'failed' : 'unknown';
  return (
    <StateMark tone={tone}>
      {of} {of === 'Rules' && verdict === 'holds' ? 'hold' : verdict}
    </StateMark>
  );
}
