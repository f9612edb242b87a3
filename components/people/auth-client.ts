import { createAuthClient } from 'better-auth/react';
import { toast } from '../ui/toast';

/** better-auth's calls to our own /api/auth. */
export const authClient = createAuthClient();

/** Ends the session and leaves every cached answer behind: a full load, not a client navigation. */
export async function signOut(next = '/sign-in'): Promise<void> {
  const answer = await authClient.signOut().catch(() => ({ error: { status: 0 } }));
  // A session that had ended already is what was wanted; without an answer it may live on.
  if (answer.error && answer.error.status !== 401) {
    toast('You are still signed in', { description: 'Meridian did not answer. Try again in a moment.' });
    return;
  }
  window.location.assign(next);
}
