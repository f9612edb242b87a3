// @ts-check
// Signs what it is sent, one after the other: a thread of its own for each core costs less than to hand each signature to one of
// libuv's threads and be woken for it. See sign-pool.ts.
import { sign } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';

const SIGNATURE_BYTES = 64;

parentPort?.on(
  'message',
  (/** @type {{ job: number, bytes: Uint8Array, lengths: Uint32Array }} */ { job, bytes, lengths }) => {
    try {
      const signatures = new Uint8Array(lengths.length * SIGNATURE_BYTES);
      let at = 0;
      lengths.forEach((length, i) => {
        signatures.set(sign(null, bytes.subarray(at, at + length), workerData.key), i * SIGNATURE_BYTES);
        at += length;
      });
      parentPort?.postMessage({ job, signatures }, [signatures.buffer]);
    } catch (err) {
      parentPort?.postMessage({ job, problem: err instanceof Error ? err.message : String(err) });
    }
  },
);
