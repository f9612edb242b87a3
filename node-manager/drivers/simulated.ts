// biome-ignore-all lint/suspicious/useAwait: the interface promises, what it does takes no time
import { setTimeout as sleep } from 'node:timers/promises';
import { Refused } from '@/core/errors';
import { NOTHING_SAID } from '@/protocol/node-manager/limits';
import type { Driver, ExecOptions, ExecResult, FoundState, SliverCounters, SliverLogs, SliverSpec } from './driver';

/** How a simulated node behaves. `down` is the simulator's to act out: such a node neither answers nor calls. */
export const BEHAVIOURS = ['normal', 'slow', 'down', 'failing'] as const;
export type Behaviour = (typeof BEHAVIOURS)[number];

/** A slow node takes this many times as long to start a sliver. */
const SLOW_FACTOR = 100;

const MAX_NOTES = 100;

/** States and delays only; always shown as simulated. Its slivers are forgotten with the process and made again at its start. */
export class SimulatedDriver implements Driver {
  readonly name = 'simulated';
  readonly images: readonly string[] = ['tiny', 'base'];
  readonly auditMs = null;
  readonly entrance = null;
  readonly concurrency = 1000;
  readonly enforcement = NOTHING_SAID;
  private readonly notes = new Map<string, string[]>();
  private readonly slivers = new Map<string, { state: FoundState; hostname: string }>();

  constructor(private readonly settings: () => { behaviour: Behaviour; startMs: number }) {}

  async list(): Promise<ReadonlyMap<string, FoundState>> {
    return new Map([...this.slivers].map(([id, { state }]) => [id, state]));
  }

  async start(spec: SliverSpec, signal: AbortSignal): Promise<void> {
    const { behaviour, startMs } = this.settings();
    this.slivers.set(spec.id, { state: 'stopped', hostname: spec.hostname });
    await sleep(behaviour === 'slow' ? startMs * SLOW_FACTOR : startMs, undefined, { signal });
    if (behaviour === 'failing')
      throw new Refused('DRIVER_UNABLE', { driver: 'simulated', missing: ['this simulated node was told to fail'] });
    this.slivers.set(spec.id, { state: 'running', hostname: spec.hostname });
  }

  async stop(id: string): Promise<void> {
    const sliver = this.slivers.get(id);
    if (sliver) sliver.state = 'stopped';
  }

  async reset(id: string): Promise<void> {
    await this.stop(id);
  }

  async update(): Promise<void> {}

  note(id: string, line: string): void {
    const notes = this.notes.get(id) ?? [];
    notes.push(line);
    this.notes.set(id, notes.slice(-MAX_NOTES));
  }

  async logs(id: string): Promise<SliverLogs> {
    return { events: (this.notes.get(id) ?? []).map((line) => `${line}\n`).join(''), console: '' };
  }

  async remove(id: string): Promise<void> {
    this.slivers.delete(id);
    this.notes.delete(id);
  }

  /** Nothing runs here: it answers only what a state can know. */
  async exec(id: string, argv: readonly string[], _options: ExecOptions): Promise<ExecResult> {
    const sliver = this.slivers.get(id);
    if (sliver?.state !== 'running') throw new Refused('EXEC_FAILED', { problem: 'the sliver does not run' });
    const answer = (exitCode: number, stdout: string, stderr: string) => ({
      exitCode,
      signal: null,
      stdout,
      stderr,
      truncated: false,
      timedOut: false,
    });
    if (argv.length === 1 && argv[0] === 'hostname') return answer(0, `${sliver.hostname}\n`, '');
    return answer(127, '', `simulated sliver: it knows only "hostname", not ${JSON.stringify(argv[0])}\n`);
  }

  /** States use nothing. */
  async usage(): Promise<ReadonlyMap<string, SliverCounters>> {
    return new Map();
  }

  async close(): Promise<void> {}
}
