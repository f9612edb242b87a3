import { type SaxesAttributePlain, SaxesParser, type SaxesTagPlain } from 'saxes';
import { Refused } from '../errors';
import { RSPEC_LIMITS } from './limits';
import type { AdvertisementEvents, RawNode } from './raw-node';

type OpenNode = { raw: RawNode; depth: number; elements: number };
type Limits = { readonly [Name in keyof typeof RSPEC_LIMITS]: number };

/**
 * Reads an SFA or GENI advertisement as it streams in: `write` text, then `close`. Events come in document order. Nothing
 * is ever fetched, declared entities and document types are refused (no expansion), and every size is bounded. Both
 * methods throw Refused RSPEC_MALFORMED {line, problem} or TOO_LARGE {field, max}; the reader is spent after that.
 */
export class AdvertisementReader {
  readonly #parser = new SaxesParser({ xmlns: false, position: true });
  readonly #path: string[] = [];
  readonly #networks: string[] = [];
  #node: OpenNode | null = null;
  #site: string | null = null;
  #aggregate: { name: string; status: string; problem: string | null } | null = null;
  #text = '';
  #attributeCount = 0;
  #nodes = 0;

  constructor(
    private readonly events: AdvertisementEvents,
    private readonly limits: Limits = RSPEC_LIMITS,
  ) {
    const parser = this.#parser;
    parser.on('error', (error) => this.#malformed(error.message.replace(/^\d+:\d+: /, '')));
    parser.on('doctype', () => this.#malformed('it declares a document type, which is not read'));
    parser.on('xmldecl', ({ encoding }) => {
      if (encoding && !/^utf-?8$|^us-ascii$/i.test(encoding))
        this.#malformed(`its encoding is ${encoding}; only UTF-8 is read`);
    });
    parser.on('opentagstart', () => {
      this.#attributeCount = 0;
    });
    parser.on('attribute', (attribute) => this.#onAttribute(attribute));
    parser.on('opentag', (tag) => this.#onOpen(tag));
    parser.on('closetag', (tag) => this.#onClose(tag.name));
    parser.on('text', (text) => this.#onText(text));
    parser.on('cdata', (text) => this.#onText(text));
  }

  write(text: string): void {
    this.#parser.write(text);
  }

  close(): void {
    this.#parser.close();
  }

  #onAttribute(attribute: SaxesAttributePlain): void {
    this.#attributeCount += 1;
    if (this.#attributeCount > this.limits.attributesPerElement)
      this.#tooMuch('attributes of an element', this.limits.attributesPerElement);
    if (attribute.value.length > this.limits.textChars)
      this.#tooMuch(`attribute ${attribute.name.slice(0, 40)}`, this.limits.textChars);
  }

  #onText(text: string): void {
    if (this.#text.length + text.length > this.limits.textChars)
      this.#tooMuch('text of an element', this.limits.textChars);
    this.#text += text;
  }

  #onOpen({ name, attributes }: SaxesTagPlain): void {
    this.#text = '';
    const parent = this.#path.at(-1);
    this.#path.push(name);
    if (this.#path.length > this.limits.depth) this.#tooMuch('depth of elements', this.limits.depth);
    if (this.#path.length === 1) this.#onRoot(name, attributes);
    else if (this.#node) this.#inNode(this.#node, name, attributes);
    else if (name === 'node') this.#openNode(attributes);
    else if (name === 'network') {
      this.#networks.push(attributes.name ?? '');
      this.events.onNetwork(attributes.name ?? '');
    } else if (name === 'site') {
      this.#site = attributes.id ?? '';
      this.events.onSkipped('site', attributes.id ?? '');
    } else if (name === 'link') this.events.onSkipped('link', attributes.endpoints ?? attributes.component_id ?? '');
    else if (name === 'aggregate') {
      this.#aggregate = { name: attributes.name ?? '', status: attributes.status ?? '', problem: null };
    } else if (parent === 'aggregate' && this.#aggregate && name === 'exc_info') {
      this.#aggregate.problem = attributes.name ?? null;
    }
  }

  #onRoot(name: string, attributes: Record<string, string>): void {
    if (name.toLowerCase() !== 'rspec') this.#malformed(`its root element is <${name.slice(0, 60)}>, not <RSpec>`);
    const type = (attributes.type ?? '').toLowerCase();
    if (type === 'request' || type === 'manifest') this.#malformed(`it is a ${type}, not an advertisement`);
    this.events.onRoot(attributes);
  }

  #openNode(attributes: Record<string, string>): void {
    this.#nodes += 1;
    if (this.#nodes > this.limits.nodes) this.#tooMuch('nodes', this.limits.nodes);
    const raw: RawNode = {
      line: this.#parser.line,
      network: this.#networks.at(-1) ?? null,
      inSite: this.#site,
      attributes,
      texts: new Map(),
      location: null,
      interfaces: [],
      granularity: null,
    };
    this.#node = { raw, depth: this.#path.length, elements: 0 };
  }

  #inNode(node: OpenNode, name: string, attributes: Record<string, string>): void {
    node.elements += 1;
    if (node.elements > this.limits.elementsPerNode) this.#tooMuch('elements of a node', this.limits.elementsPerNode);
    if (name === 'location') node.raw.location ??= attributes;
    else if (name === 'interface') node.raw.interfaces.push(attributes);
    else if (name === 'granularity') node.raw.granularity ??= attributes.grain ?? null;
  }

  #onClose(name: string): void {
    this.#path.pop();
    const text = this.#text.trim();
    this.#text = '';
    if (this.#node) {
      const { raw, depth } = this.#node;
      if (this.#path.length < depth) {
        this.#node = null;
        this.events.onNode(raw);
      } else if (this.#path.length === depth && text && !raw.texts.has(name)) raw.texts.set(name, text);
      return;
    }
    if (name === 'network') this.#networks.pop();
    else if (name === 'site') this.#site = null;
    else if (name === 'aggregate' && this.#aggregate) {
      const { name: aggregate, status, problem } = this.#aggregate;
      this.#aggregate = null;
      if (problem !== null || (status && status !== 'success')) {
        this.events.onFailure({ aggregate: aggregate.slice(0, 200), problem: (problem ?? status).slice(0, 500) });
      }
    }
  }

  #malformed(problem: string): never {
    throw new Refused('RSPEC_MALFORMED', { line: this.#parser.line, problem: problem.slice(0, 300) });
  }

  #tooMuch(field: string, max: number): never {
    throw new Refused('TOO_LARGE', { field, max });
  }
}
