/** How many may be there at once; per sliver unless a name says otherwise. */
export type SshLimits = {
  /** Connections that have not said a word: each costs a descriptor. */
  silent: number;
  silentOfSource: number;
  silentOfNode: number;
  /** Logins that have not proved a key: each is a process in the sliver. */
  unproven: number;
  unprovenOfSource: number;
  unprovenOfNode: number;
  /** Logins in all. */
  sessions: number;
  sessionsOfSource: number;
  /** Wait for the first word, in ms. */
  firstWordMs: number;
};

export const SSH_LIMITS: SshLimits = {
  silent: 32,
  silentOfSource: 16,
  silentOfNode: 512,
  unproven: 10,
  unprovenOfSource: 5,
  unprovenOfNode: 40,
  sessions: 64,
  sessionsOfSource: 32,
  firstWordMs: 10_000,
};
