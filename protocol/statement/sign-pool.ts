import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { SigningKey } from './sign';

/** Inputs in one message: enough that the message costs nothing beside them, few enough that all threads have some. */
const IN_A_MESSAGE = 125;
const SIGNATURE_BYTES = 64;

type Answer = { job: number; signatures?: Uint8Array; problem?: string };
type Waiting = { resolve: (signatures: Uint8Array) => void; reject: (err: Error) => void };

/** Threads that sign with one key; made when they are first needed, and no reason for the process to stay. */
class SignPool {
  private readonly threads: SignThread[] = [];

  constructor(private readonly key: SigningKey) {}

  async sign(inputs: readonly string[]): Promise<Buffer> {
    const jobs: Promise<Uint8Array>[] = [];
    for (let at = 0; at < inputs.length; at += IN_A_MESSAGE)
      jobs.push(this.idlest().sign(inputs.slice(at, at + IN_A_MESSAGE)));
    return Buffer.concat(await Promise.all(jobs));
  }

  private idlest(): SignThread {
    for (const [i, thread] of this.threads.entries()) if (thread.ended) this.threads.splice(i, 1);
    if (this.threads.length < availableParallelism()) {
      const made = new SignThread(this.key);
      this.threads.push(made);
      return made;
    }
    return this.threads.reduce((a, b) => (b.waiting.size < a.waiting.size ? b : a));
  }
}

class SignThread {
  readonly waiting = new Map<number, Waiting>();
  ended = false;
  private readonly worker: Worker;
  private jobs = 0;

  constructor({ privateKey }: SigningKey) {
    const options = { workerData: { key: privateKey }, execArgv: [], env: {} };
    this.worker = new Worker(new URL('./sign-worker.mjs', import.meta.url), options);
    this.worker.on('message', (answer: Answer) => this.answered(answer));
    this.worker.on('error', (err) => this.end(err));
    this.worker.on('exit', () => this.end(new Error('a signing thread ended')));
    this.worker.unref();
  }

  sign(inputs: readonly string[]): Promise<Uint8Array> {
    const lengths = Uint32Array.from(inputs, (input) => input.length);
    const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
    const view = Buffer.from(bytes.buffer);
    let at = 0;
    for (const input of inputs) at += view.write(input, at, 'latin1');
    return new Promise((resolve, reject) => {
      const job = this.jobs++;
      this.waiting.set(job, { resolve, reject });
      this.worker.ref(); // somebody waits
      this.worker.postMessage({ job, bytes, lengths }, [bytes.buffer, lengths.buffer]);
    });
  }

  private answered({ job, signatures, problem }: Answer): void {
    const waiting = this.waiting.get(job);
    this.waiting.delete(job);
    if (this.waiting.size === 0) this.worker.unref();
    if (signatures) waiting?.resolve(signatures);
    else waiting?.reject(new Error(`could not sign: ${problem}`));
  }

  private end(err: Error): void {
    this.ended = true;
    for (const { reject } of this.waiting.values()) reject(err);
    this.waiting.clear();
  }
}

const pools = new WeakMap<object, SignPool>();

/**
 * Signs many inputs (ASCII, as signing inputs are) on all cores: each with its signature behind it, as a compact statement, in the order given.
 */
export async function signInputs(inputs: readonly string[], key: SigningKey): Promise<string[]> {
  let pool = pools.get(key.privateKey);
  if (!pool) {
    pool = new SignPool(key);
    pools.set(key.privateKey, pool);
  }
  const signatures = await pool.sign(inputs);
  return inputs.map((input, i) => {
    const signature = signatures.toString('base64url', i * SIGNATURE_BYTES, (i + 1) * SIGNATURE_BYTES);
    return `${input}.${signature}`;
  });
}
