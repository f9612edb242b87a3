/** How a delegation stands at a moment, most final first. */
export const LINK_STATES = [
  'taken-back',
  'void',
  'expired',
  'cut-off',
  'replaced',
  'not-yet',
  'ending',
  'in-force',
] as const;
export type LinkState = (typeof LINK_STATES)[number];

/** A link that ends within so long, and has not been replaced by one that ends later, is said to be ending. */
export const ENDING_SECONDS = 7 * 86_400;

/** What is judged of a link alone. Times: epoch ms, term [notBefore, notAfter). */
export type LinkStanding = {
  /** It, or its issuer's or grantee's key, was taken back. */
  takenBack: boolean;
  /** The node began anew, or has another key since: docs/protocol.md, incarnations. */
  void: boolean;
  /** A newer one of its line took its place. */
  replaced: boolean;
  /** Any link above it is taken back, void or expired. */
  cutOff: boolean;
  notBefore: number;
  notAfter: number;
};

/** The state of a link. The statement in server/data/trust/links.ts says the same in SQL. Pure. */
export function linkState(link: LinkStanding, now: number): LinkState {
  if (link.takenBack) return 'taken-back';
  if (link.void) return 'void';
  if (link.notAfter <= now) return 'expired';
  if (link.cutOff) return 'cut-off';
  if (link.replaced) return 'replaced';
  if (link.notBefore > now) return 'not-yet';
  return link.notAfter <= now + ENDING_SECONDS * 1000 ? 'ending' : 'in-force';
}
