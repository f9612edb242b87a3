/** How long the others are waited for once there is an answer, in ms, counted from the start. */
export const PATIENCE_MS = 2_000;

/**
 * Calls all at once and gives how each ended. When some have answered, the others are waited for no longer than `patienceMs` from the
 * start: these are given up, and count as failed. While none has, all are waited for. Aborts what it gave up.
 */
export async function withPatience<T>(
  calls: readonly ((signal: AbortSignal) => Promise<T>)[],
  signal: AbortSignal,
  patienceMs = PATIENCE_MS,
): Promise<PromiseSettledResult<T>[]> {
  const late = new AbortController();
  const settled = calls.map(
    (): PromiseSettledResult<T> => ({ status: 'rejected', reason: new Error('it did not answer in time') }),
  );
  let answered: () => void = () => {};
  const anAnswer = new Promise<void>((resolve) => {
    answered = resolve;
  });
  const all = Promise.all(
    calls.map(async (call, i) => {
      try {
        settled[i] = { status: 'fulfilled', value: await call(AbortSignal.any([signal, late.signal])) };
        answered();
      } catch (reason) {
        if (!late.signal.aborted) settled[i] = { status: 'rejected', reason };
      }
    }),
  );
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, patienceMs);
  });
  await Promise.race([all, Promise.all([patience, anAnswer])]);
  clearTimeout(timer);
  late.abort();
  signal.throwIfAborted();
  return settled;
}
