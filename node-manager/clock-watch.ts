const LOOK_MS = 500;
/** A difference that no timer's lateness explains. */
const JUMP_MS = 250;

/**
 * Notices when the clock on the wall moves otherwise than time does: somebody set it, or the machine slept. Timers count time that the
 * machine was awake, so that whatever waits for a time of day has to be planned anew. Noticed half a second after, at the latest.
 */
export class ClockWatch {
  private readonly listeners = new Set<() => void>();
  private readonly timer: NodeJS.Timeout;
  private offset: number;

  constructor(
    private readonly wall: () => number = Date.now,
    private readonly steady: () => number = () => performance.now(),
  ) {
    this.offset = wall() - steady();
    this.timer = setInterval(() => this.look(), LOOK_MS).unref();
  }

  /** Calls back after each jump; what it gives ends that. */
  onJump(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  look(): void {
    const offset = this.wall() - this.steady();
    const jumped = Math.abs(offset - this.offset) > JUMP_MS;
    this.offset = offset; // a clock that is slewed drifts away from it, slowly
    if (jumped) for (const listener of [...this.listeners]) listener();
  }

  close(): void {
    clearInterval(this.timer);
    this.listeners.clear();
  }
}
