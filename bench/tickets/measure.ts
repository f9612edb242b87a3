import { sign, verify } from 'node:crypto';
import type { VerifyKey } from '@/protocol/statement/keys';
import type { SigningKey } from '@/protocol/statement/sign';
import { ownCpu } from './cpu';

/** What some work took: wall time in ms, and CPU time in µs of this process (and of Postgres, for `issue`). */
export type Cost = { ms: number; cpu: number };

export async function cost(work: () => Promise<void>): Promise<Cost> {
  const [start, cpu] = [performance.now(), ownCpu()];
  await work();
  return { ms: performance.now() - start, cpu: ownCpu() - cpu };
}

export function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** The median of each, over the rounds. */
export function medianCost(rounds: readonly Cost[]): Cost {
  return { ms: median(rounds.map((one) => one.ms)), cpu: median(rounds.map((one) => one.cpu)) };
}

/** So many a second, ours and bare. */
export function perSecond(name: string, count: number, ours: Cost, raw: Cost) {
  const [value, limit] = [(count / ours.ms) * 1000, (count / raw.ms) * 1000];
  return { case: name, value, unit: '1/s', limit, ratio: value / limit };
}

/** CPU time of each, ours and bare. */
export function cpuOfEach(name: string, count: number, ours: Cost, raw: Cost) {
  return { case: name, value: ours.cpu / count, unit: 'µs', limit: raw.cpu / count, ratio: raw.cpu / ours.cpu };
}

/** A statement as Ed25519 sees it. */
export type Signed = { input: Buffer; signature: Buffer; key: VerifyKey };

export function signedOf(text: string, key: VerifyKey): Signed {
  return { input: signedPart(text), signature: Buffer.from(text.slice(text.lastIndexOf('.') + 1), 'base64url'), key };
}

export function signedPart(text: string): Buffer {
  return Buffer.from(text.slice(0, text.lastIndexOf('.')));
}

/** Bare Ed25519, on libuv's threads. */
export function signRaw(key: SigningKey, input: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) =>
    sign(null, input, key.privateKey, (err, made) => (err ? reject(err) : resolve(made))),
  );
}

/** Bare Ed25519, on libuv's threads. */
export function verifyRaw({ input, signature, key }: Signed): Promise<void> {
  return new Promise((resolve, reject) => {
    verify(null, input, key.publicKey, signature, (err, holds) =>
      err || !holds ? reject(err ?? new Error('does not hold')) : resolve(),
    );
  });
}
