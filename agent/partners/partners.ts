import { setTimeout } from 'node:timers/promises';
import type { AgentService } from '@/protocol/agent/router';
import type { AgentLog } from '../agent';
import { certifyPartner, type Host, joinPartner } from './host';
import { type Guest, joinHosts } from './join-hosts';

/** How often an agent looks for partners to join, and for what else an operator wished, in ms. */
const LOOK_MS = 1_000;

/** The agent's calls for partners. */
export function partnerService(host: Host): Pick<AgentService, 'joinPartner' | 'certifyPartner' | 'granted'> {
  return {
    joinPartner: (input) => joinPartner(host, input),
    certifyPartner: (input) => certifyPartner(host, input, new Date()),
    granted: () =>
      Promise.resolve({ at: new Date().toISOString(), epoch: '', seq: 0, full: true, nodes: [], gone: [] }),
  };
}

/** What an agent does for partners by itself, until aborted: joins hosts that an operator has a token of. */
export async function lookAfterPartners(guest: Guest, signal: AbortSignal, log: AgentLog): Promise<void> {
  while (!signal.aborted) {
    await joinHosts(guest).catch((err: unknown) => log.error({ err }, 'a partner could not be joined'));
    await setTimeout(LOOK_MS, undefined, { signal }).catch(() => {});
  }
}
