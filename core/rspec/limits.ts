/** Bounds of an advertisement; past any of them the file is refused whole. The largest real one known is 1.2 MB. */
export const RSPEC_LIMITS = {
  bytes: 32 * 1024 * 1024,
  nodes: 100_000,
  depth: 32,
  attributesPerElement: 64,
  /** Child elements of one node, at any depth. */
  elementsPerNode: 2_000,
  /** Characters of one text or attribute, before white space is trimmed. */
  textChars: 65_536,
} as const;

/** A value longer than this is left out and reported; nothing that a person reads is longer. */
export const VALUE_CHARS = 500;
/** Interfaces kept of one node. */
export const INTERFACES_PER_NODE = 256;
