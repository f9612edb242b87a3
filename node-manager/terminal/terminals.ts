import { Refused } from '@/core/errors';
import type { Entrance, Size } from '../drivers/entrance';
import type { LeaseRecord } from '../lease/node-state';
import type { Logger } from '../log';
import { TERMINAL_LIMITS, Terminal, type TerminalLimits } from './terminal';

/** At once: of one sliver, and of the node. Each is two processes, one of them outside of the sliver's limits. */
const MOST_OF_SLIVER = 8;
const MOST = 64;
/** How long the end of a terminal can still be read. */
const REMEMBER_MS = 30_000;
/** A login shell where there is one; the sliver's own words and colours. */
const SHELL = ['/bin/sh', '-c', 'cd ~ 2>/dev/null; [ -x /bin/bash ] && exec /bin/bash -l; exec /bin/sh -l'];

type Held = { terminal: Terminal; lease: LeaseRecord; holder: string; who: string };

/** The terminals that are open in the slivers of a node. None outlives the daemon, its sliver, or its reader by long. */
export class Terminals {
  private readonly held = new Map<string, Held>();
  private opening = 0;

  constructor(
    private readonly entrance: Entrance,
    private readonly log: Logger,
    private readonly limits: TerminalLimits = TERMINAL_LIMITS,
  ) {}

  /** @throws Refused RATE_LIMITED, EXEC_FAILED */
  async open(lease: LeaseRecord, holder: string, who: string, size: Size): Promise<Terminal> {
    const live = [...this.held.values()].filter(({ terminal }) => !terminal.over);
    const own = live.filter((one) => one.lease.jti === lease.jti).length;
    if (live.length + this.opening >= MOST || own >= MOST_OF_SLIVER)
      throw new Refused('RATE_LIMITED', { retryAfterSeconds: 60 });
    this.opening += 1;
    try {
      const guest = await this.entrance.openTerminal(lease.jti, SHELL, size);
      const terminal = new Terminal(guest, this.limits, (over) => this.isOver(over));
      this.held.set(terminal.id, { terminal, lease, holder, who });
      this.log.info({ slice: lease.slice, sliver: lease.jti, who }, 'terminal: opened');
      return terminal;
    } finally {
      this.opening -= 1;
    }
  }

  /** How many of a holder's are open. */
  countOf(holder: string): number {
    let count = 0;
    for (const one of this.held.values()) if (one.holder === holder && !one.terminal.over) count += 1;
    return count;
  }

  /** @throws Refused NOT_FOUND: none, or another's */
  of(id: string, holder: string): Terminal {
    const held = this.held.get(id);
    if (held?.holder !== holder) throw new Refused('NOT_FOUND', { kind: 'terminal', id });
    return held.terminal;
  }

  /** Ends all terminals of a sliver that no longer runs. */
  endOf(sliver: string): void {
    for (const { terminal, lease } of this.held.values()) if (lease.jti === sliver) terminal.end('stopped');
  }

  /** Ends all terminals that this key opened: it counts no more. */
  endOfHolder(jkt: string): void {
    for (const { terminal, holder } of this.held.values()) if (holder === jkt) terminal.end('stopped');
  }

  close(): void {
    for (const { terminal } of this.held.values()) {
      terminal.end('stopped');
      terminal.forget();
    }
  }

  private isOver(terminal: Terminal): void {
    const held = this.held.get(terminal.id);
    if (held) {
      const seconds = Math.round((Date.now() - terminal.began) / 1000);
      const facts = {
        slice: held.lease.slice,
        sliver: held.lease.jti,
        who: held.who,
        why: terminal.over?.why,
        seconds,
      };
      this.log.info(facts, 'terminal: over');
    }
    setTimeout(() => {
      terminal.forget();
      this.held.delete(terminal.id);
    }, REMEMBER_MS).unref();
  }
}
