/** A page that no route has: its answer is the designed "not found". */
const NOWHERE = '/-';

/** The address to serve for `url`: itself, or nowhere when its path holds a `%` that stands for no character (Next answers those with a bare 500). */
export function readableAddress(url: string | undefined): string | undefined {
  try {
    decodeURIComponent(url?.split('?', 1)[0] ?? '');
    return url;
  } catch {
    return NOWHERE;
  }
}
