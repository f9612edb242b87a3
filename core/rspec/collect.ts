import type { RSPEC_LIMITS } from './limits';
import type { Attributes, RawNode } from './raw-node';
import { AdvertisementReader } from './read-advertisement';
import { type ImportedNode, toNode } from './to-node';
import { type Unused, UnusedFields } from './unused';

export type Collected = {
  nodes: ImportedNode[];
  /** In document order; sites counted among the nodes that are used. */
  networks: { name: string; nodes: number; sites: number }[];
  failures: { aggregate: string; problem: string }[];
  unused: Unused[];
  /** <node> elements, also those that could not be used. */
  read: number;
};

const MAX_FAILURES = 100;

/** Collects a whole advertisement as it streams in. Nothing of it leaves before `finish`, which throws when it was cut short. */
export class Collector {
  readonly #unused = new UnusedFields();
  readonly #nodes = new Map<string, ImportedNode>();
  readonly #networks = new Map<string, { nodes: number; sites: Set<string> }>();
  readonly #failures: { aggregate: string; problem: string }[] = [];
  readonly #reader: AdvertisementReader;
  #read = 0;

  /** `now` (epoch ms) tells whether the advertisement has expired. */
  constructor(
    private readonly now: number,
    limits?: { readonly [Name in keyof typeof RSPEC_LIMITS]: number },
  ) {
    this.#reader = new AdvertisementReader(
      {
        onRoot: (attributes) => this.#onRoot(attributes),
        onNetwork: (name) => this.#network(name),
        onNode: (raw) => this.#onNode(raw),
        onFailure: (failure) => {
          if (this.#failures.length < MAX_FAILURES) this.#failures.push(failure);
        },
        onSkipped: (element, name) => {
          if (element === 'link') this.#unused.add('link', 'links between sites are not imported', name);
        },
      },
      limits,
    );
  }

  /** <node> elements so far, for progress. */
  get read(): number {
    return this.#read;
  }

  /** @throws Refused RSPEC_MALFORMED {line, problem}, TOO_LARGE {field, max} */
  write(text: string): void {
    this.#reader.write(text);
  }

  /** @throws Refused RSPEC_MALFORMED when the file ends too early or held nothing */
  finish(): Collected {
    this.#reader.close();
    return {
      nodes: [...this.#nodes.values()],
      networks: [...this.#networks].map(([name, { nodes, sites }]) => ({ name, nodes, sites: sites.size })),
      failures: this.#failures,
      unused: this.#unused.list(),
      read: this.#read,
    };
  }

  #onRoot({ expires }: Attributes): void {
    const at = expires ? Date.parse(expires) : Number.NaN;
    if (at < this.now)
      this.#unused.add(
        'RSpec@expires',
        'the advertisement had expired: what it says may have changed since',
        expires ?? '',
      );
  }

  #network(name: string) {
    const key = name.slice(0, 100) || 'unnamed';
    const known = this.#networks.get(key) ?? { nodes: 0, sites: new Set<string>() };
    this.#networks.set(key, known);
    return known;
  }

  #onNode(raw: RawNode): void {
    this.#read += 1;
    const node = toNode(raw, this.#unused);
    if (!node) return;
    if (this.#nodes.has(node.urn)) {
      this.#unused.add('node@component_id', 'stands on more than one node: the first counts', node.urn);
      return;
    }
    this.#nodes.set(node.urn, node);
    const network = this.#network(node.network ?? 'unnamed');
    network.nodes += 1;
    network.sites.add(node.siteUrn);
  }
}
