/** What an import could not use, as `ImportReport` says it. */
export type Unused = { field: string; count: number; why: string; examples: string[] };

const EXAMPLES = 3;
const EXAMPLE_CHARS = 120;
/** A hostile file could invent fields without end. */
const MAX_KINDS = 500;

/** Counts per field and reason what could not be used, with up to three different examples. */
export class UnusedFields {
  readonly #kinds = new Map<string, Unused>();

  add(field: string, why: string, example: string): void {
    const key = `${field}\n${why}`;
    const known = this.#kinds.get(key);
    const kind = known ?? { field, why, count: 0, examples: [] };
    if (!known) {
      if (this.#kinds.size >= MAX_KINDS) return;
      this.#kinds.set(key, kind);
    }
    kind.count += 1;
    const short = example.length > EXAMPLE_CHARS ? `${example.slice(0, EXAMPLE_CHARS)}…` : example;
    if (kind.examples.length < EXAMPLES && !kind.examples.includes(short)) kind.examples.push(short);
  }

  /** Most frequent first, then by name. */
  list(): Unused[] {
    return [...this.#kinds.values()].sort((a, b) => b.count - a.count || a.field.localeCompare(b.field));
  }
}
