import { expect, test } from 'vitest';
import { withPatience } from './patience';

const never = (signal: AbortSignal) =>
  new Promise<string>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
const after = (ms: number, what: string) => () => new Promise<string>((resolve) => setTimeout(resolve, ms, what));
const run = (...calls: ((signal: AbortSignal) => Promise<string>)[]) =>
  withPatience(calls, new AbortController().signal, 60);

test('one that does not answer holds up nobody for longer than the patience, and is let go', async () => {
  let aborted = false;
  const silent = (signal: AbortSignal) => {
    signal.addEventListener('abort', () => {
      aborted = true;
    });
    return never(signal);
  };
  const began = performance.now();
  const [one, other] = await run(after(5, 'here'), silent);
  expect(performance.now() - began).toBeLessThan(1000);
  expect([one, other?.status]).toEqual([{ status: 'fulfilled', value: 'here' }, 'rejected']);
  expect(aborted).toBe(true);
});

test('all that answer in time are heard, and nobody is waited for when all have', async () => {
  const all = await run(after(1, 'a'), after(20, 'b'), () => Promise.reject(new Error('no')));
  expect(all.map((one) => one.status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
});

test('while nobody has answered, patience does not run out', async () => {
  expect(await run(after(150, 'late'))).toEqual([{ status: 'fulfilled', value: 'late' }]);
});

test('a caller that leaves is not kept', async () => {
  const leaving = new AbortController();
  setTimeout(() => leaving.abort(new Error('left')), 10);
  await expect(withPatience([never], leaving.signal, 60)).rejects.toThrow('left');
});
