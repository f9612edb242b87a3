import { setTimeout } from 'node:timers/promises';
import type { AgentService } from '@/protocol/agent/router';
import type { AgentLog } from '../agent';
import type { Issuer } from '../issue';
import { FollowHosts } from './follow-hosts';
import { GrantFeeds } from './granted';
import { certifyPartner, type Host, joinPartner } from './host';
import { type Guest, joinHosts } from './join-hosts';
import { keepGrants } from './keep-grants';

/** How often an agent looks for partners to join, and for what else an operator wished, in ms. */
const LOOK_MS = 1_000;
/** … and when none of what is due can be passed on now, in ms. */
const REFUSED_MS = 5_000;

/** The agent's calls for partners. */
export function partnerService(
  host: Host,
  ending: AbortSignal,
): Pick<AgentService, 'joinPartner' | 'certifyPartner' | 'granted'> {
  const feeds = new GrantFeeds(host.pool, ending);
  return {
    joinPartner: (input) => joinPartner(host, input),
    certifyPartner: (input) => certifyPartner(host, input, new Date()),
    granted: (peer, input, signal) => feeds.answer(peer, input, signal),
  };
}

/**
 * What an agent does for partners by itself, until aborted: joins hosts that an operator has a token of, follows what
 * they give, and passes on what was granted.
 */
export async function lookAfterPartners(
  guest: Guest,
  issuer: Issuer,
  signal: AbortSignal,
  log: AgentLog,
): Promise<void> {
  let grantsAt = 0;
  const following = new FollowHosts(guest, issuer, log);
  while (!signal.aborted) {
    await joinHosts(guest).catch((err: unknown) => log.error({ err }, 'a partner could not be joined'));
    if (performance.now() >= grantsAt) {
      const { signed, refused } = await keepGrants(issuer, Date.now()).catch((err: unknown) => {
        log.error({ err }, 'grants to partners could not be kept');
        return { signed: 0, refused: 0 };
      });
      if (signed === 0 && refused > 0) grantsAt = performance.now() + REFUSED_MS;
    }
    await following.look().catch((err: unknown) => log.error({ err }, 'partners could not be looked up'));
    await setTimeout(LOOK_MS, undefined, { signal }).catch(() => {});
  }
  await following.close();
}
