import type { Db } from '@/server/db';
import type { Log } from '@/server/log';
import type { Person } from '@/server/services/policy';

/** What every procedure gets. `now` is taken once a request, so that one request judges by one time. */
export type Context = {
  db: Db;
  person: Person | null;
  /** How the person proved who they are: a browser session, a CLI token, or not at all. */
  via: 'session' | 'token' | null;
  /** Asks anew, for what goes on after the request: null once the session or token has ended or the account is closed. */
  again: () => Promise<Person | null>;
  now: Date;
  requestId: string;
  log: Log;
};
