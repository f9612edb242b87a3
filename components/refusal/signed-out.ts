/** Whether the API has said that nobody is signed in any more; one flag for the page, told by every query and mutation. */
let signedOut = false;
const listeners = new Set<() => void>();

export const isSignedOut = (): boolean => signedOut;

export function setSignedOut(next: boolean): void {
  if (signedOut === next) return;
  signedOut = next;
  for (const each of listeners) each();
}

/** Hears each change until the answer is called. */
export function onSignedOut(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
