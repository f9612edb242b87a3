/** Bounds of signed statements. They hold before anything is parsed, in every program. */
export const MAX_STATEMENT_BYTES = 32_768;
/**
 * A delegation is smaller: so many of the longest, a third larger inside a ticket, leave a ticket 5 KB of its own. What a node or agent
 * can sign is never too large to be used.
 */
export const MAX_DELEGATION_BYTES = 2_560;
/** The most characters that a statement of this type may have. */
export function maxBytesOf(type: string): number {
  return type === 'delegation+jwt' ? MAX_DELEGATION_BYTES : MAX_STATEMENT_BYTES;
}
/** Links of a delegation chain, root included. */
export const MAX_CHAIN_LINKS = 8;
/** Clock skew that is forgiven on each side of a window, in seconds. */
export const SKEW_SECONDS = 300;
/** Receipts that a ticket may carry, to show that its issuer had what it issued again. */
export const MAX_CLEARS = 8;
/** Nesting of a statement's JSON: claims > resources is two; the rest is headroom. */
export const MAX_JSON_DEPTH = 8;
