import { createAuthClient } from 'better-auth/react';

/** better-auth's calls to our own /api/auth. */
export const authClient = createAuthClient();

/** Ends the session and leaves every cached answer behind: a full load, not a client navigation. */
export async function signOut(): Promise<void> {
  await authClient.signOut();
  window.location.assign('/sign-in');
}
