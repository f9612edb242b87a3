import { Refused } from '@/core/errors';
import { SKEW_SECONDS } from '@/core/statement/bounds';

/** How long a ticket may wait for the agent's first word. */
const WAIT_MS = 3_000;

/**
 * Whether the journal is known to be all there is. After a reboot the whole disk may be an older copy, which nothing on this machine can tell;
 * the agent's first answer can. Until then a ticket that was issued before this start may be one that was redeemed already.
 */
export class Sureness {
  private readonly waiting = new Set<() => void>();
  private readonly began = Date.now();

  constructor(private proven: boolean) {}

  provenNow(): void {
    this.proven = true;
    for (const wake of this.waiting) wake();
    this.waiting.clear();
  }

  /**
   * Resolves when a ticket that counts since `nbf` (epoch seconds) can be judged. Later ones can at once: nothing that is missing is younger than
   * this start. @throws Refused AGENT_UNREACHABLE when the agent does not answer in time: to be tried again
   */
  async awaitFor(nbf: number): Promise<void> {
    if (this.proven || nbf * 1000 > this.began + SKEW_SECONDS * 1000) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, WAIT_MS);
      this.waiting.add(() => {
        clearTimeout(timer);
        resolve();
      });
    });
    if (this.proven) return;
    const cause = 'since it started, this node has not heard from it whether its records are whole';
    throw new Refused('AGENT_UNREACHABLE', { cause });
  }
}
