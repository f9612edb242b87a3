/** Bounds of signed statements. They hold before anything is parsed, in every program. */
export const MAX_STATEMENT_BYTES = 32_768;
/** Links of a delegation chain, root included. */
export const MAX_CHAIN_LINKS = 8;
/** Clock skew that is forgiven on each side of a window, in seconds. */
export const SKEW_SECONDS = 300;
/** Nesting of a statement's JSON: claims > resources is two; the rest is headroom. */
export const MAX_JSON_DEPTH = 8;
