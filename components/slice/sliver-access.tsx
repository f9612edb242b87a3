'use client';
import { useQuery } from '@tanstack/react-query';
import { SquareTerminal } from 'lucide-react';
import { sentence } from '@/core/refusal-sentence';
import type { SliceView, SliverRow } from '@/protocol/api/slice';
import type { SliverAccess as Access } from '@/protocol/api/terminal';
import { Unread } from '../refusal/refusal';
import { knownReason } from '../refusal/refusal-of';
import { useTRPC } from '../trpc/client';
import { useAddress } from '../ui/address';
import { Button } from '../ui/button';
import { CopyLine } from '../ui/copy-button';
import { Skeleton } from '../ui/skeleton';
import { Term } from '../ui/tooltip';

type Ssh = NonNullable<Access['ssh']>;

/** The command that logs into a sliver. */
export function sshCommand({ login, host, port }: Pick<Ssh, 'login' | 'host' | 'port'>): string {
  return `ssh ${login}@${host} -p ${port}`;
}

/** The line by which ssh knows the sliver, so that it need not ask. */
export function knownHostsLine({ host, port, hostKey }: Pick<Ssh, 'host' | 'port' | 'hostKey'>): string {
  return `${port === 22 ? host : `[${host}]:${port}`} ${hostKey}`;
}

/** How to get into one sliver: ssh with what to check, and a terminal; or why not. */
export function SliverAccess({ slice, row }: { slice: SliceView; row: SliverRow }) {
  const trpc = useTRPC();
  const access = useQuery(
    trpc.slices.access.queryOptions({ name: slice.name, node: row.node.urn }, { staleTime: 10_000, retry: 1 }),
  );
  if (access.isPending) return <Skeleton className="w-full" />;
  if (access.isError)
    return (
      <Unread
        busy={access.isFetching}
        error={access.error}
        onRetry={() => void access.refetch()}
        what="How to get in"
      />
    );
  const { ssh, noSsh, noTerminal } = access.data;
  const why = (reason: Access['noSsh']) => {
    const known = reason && knownReason(reason);
    return known ? sentence(known) : null;
  };
  return (
    <div className="flex flex-col gap-4">
      {ssh ? <SshLines ssh={ssh} /> : <p className="text-soft">{why(noSsh)}</p>}
      {noTerminal ? ssh && <p className="text-soft">{why(noTerminal)}</p> : <TerminalButton row={row} wide />}
    </div>
  );
}

function SshLines({ ssh }: { ssh: Ssh }) {
  return (
    <>
      <CopyLine text={sshCommand(ssh)} what="the ssh command" />
      <div>
        <p className="mb-1 text-soft text-table">
          ssh asks for this{' '}
          <Term means="The fingerprint of the sliver’s own key. If ssh shows another one, somebody else answers: do not go on.">
            fingerprint
          </Term>{' '}
          the first time: <code className="break-all text-ink">{ssh.fingerprint}</code>. With this line in{' '}
          <code>~/.ssh/known_hosts</code> it does not ask:
        </p>
        <CopyLine text={knownHostsLine(ssh)} what="the line for known_hosts" />
      </div>
    </>
  );
}

/** Opens a terminal in a running sliver. Which one is open is kept in the address. */
export function TerminalButton({ row, wide }: { row: SliverRow; wide?: boolean }) {
  const [, setTerminal] = useAddress('terminal', '');
  const { hostname, id } = row.node;
  return (
    <Button
      aria-label={wide ? undefined : `Terminal on ${hostname}`}
      className={wide ? 'self-start' : ''}
      kind={wide ? 'secondary' : 'quiet'}
      onClick={(event) => {
        event.stopPropagation(); // the row opens something else
        setTerminal(id);
      }}
      size={wide ? 'md' : 'icon-sm'}
      title={wide ? undefined : `Terminal on ${hostname}`}
    >
      <SquareTerminal aria-hidden="true" />
      {wide && 'Open a terminal'}
    </Button>
  );
}
