import type { Metadata } from 'next';
import Link from 'next/link';
import { getQueryClient, trpc, viewer } from '@/app/rsc';
import { Mark } from '@/components/brand/mark';
import { AcceptInvite } from '@/components/people/accept-invite';
import { Button } from '@/components/ui/button';
import { Refused } from '@/core/errors';
import { sentence } from '@/core/refusal-sentence';
import type { InvitePreview } from '@/protocol/api/people';

// The address carries a secret: it must not travel as a referrer.
export const metadata: Metadata = { title: 'Invitation', referrer: 'no-referrer' };

async function preview(token: string): Promise<InvitePreview | null> {
  try {
    return await getQueryClient().fetchQuery(trpc.invites.preview.queryOptions({ token }));
  } catch (error) {
    const code = error instanceof Error && error.cause instanceof Refused ? error.cause.code : null;
    if (code === 'INVITE_INVALID' || (error instanceof Error && 'code' in error && error.code === 'BAD_REQUEST'))
      return null;
    throw error;
  }
}

export default async function InvitePage({ params }: { params: Promise<{ token: string }> }) {
  const { token } = await params;
  const [invite, me] = await Promise.all([preview(token), viewer()]);
  return (
    <main className="mx-auto flex min-h-[calc(100dvh-6rem)] w-full max-w-md flex-col justify-center px-6 py-12">
      <Mark className="mb-5 text-accent" size={44} />
      {invite ? (
        <AcceptInvite invite={invite} signedInAs={me?.person.email ?? null} token={token} />
      ) : (
        <>
          <h1 className="font-semibold text-title">Nothing to accept here</h1>
          <p className="mt-2 mb-5 text-soft">{sentence({ code: 'INVITE_INVALID', facts: {} })}</p>
          <Button asChild className="self-start">
            <Link href="/">Go home</Link>
          </Button>
        </>
      )}
    </main>
  );
}
