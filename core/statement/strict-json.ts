import { Refused } from '../errors';
import { MAX_JSON_DEPTH } from './bounds';

/** What JSON can say. Objects have no prototype surprises: `__proto__` is refused. */
export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

/**
 * Parses JSON as RFC 8259 says, and stricter where readers differ: a member name twice, `__proto__`, a whole number
 * beyond the safe range or any number not in JavaScript's shortest spelling, a lone surrogate, or nesting beyond
 * `maxDepth` is refused. Two programs that both accept a text so read the same in it (JSON.parse keeps the last of
 * two members, others the first). Throws `STATEMENT_MALFORMED`.
 */
export function parseStrictJson(text: string, maxDepth = MAX_JSON_DEPTH): Json {
  return plainJson(text, maxDepth) ?? readStrictly(text, maxDepth);
}

/**
 * The value of a text that JSON.stringify would write again just so, as our programs send it, a few times faster than character by
 * character; null for any other text, of which `readStrictly` says whether it is taken. A member twice, white space, or a number in
 * another spelling does not come back as it was.
 */
function plainJson(text: string, maxDepth: number): Json | null {
  if (text.includes('__proto__') || text.includes('\\ud')) return null; // written again just so, and not taken
  try {
    const value: Json = JSON.parse(text);
    return isSafe(value, maxDepth) && JSON.stringify(value) === text ? value : null;
  } catch {
    return null;
  }
}

/** Neither deeper than that, nor with a whole number beyond the safe range. */
function isSafe(value: Json, depthLeft: number): boolean {
  if (typeof value === 'number') return Number.isSafeInteger(value) || !Number.isInteger(value);
  if (typeof value !== 'object' || value === null) return true;
  if (depthLeft === 0) return false;
  for (const name in value) if (!isSafe((value as { [name: string]: Json })[name] ?? null, depthLeft - 1)) return false; // lists have names too
  return true;
}

/** Character by character. */
function readStrictly(text: string, maxDepth: number): Json {
  const reader = new Reader(text, maxDepth);
  const value = reader.value(0);
  reader.end();
  return value;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids exactly these
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const HEX4 = /[0-9a-fA-F]{4}/y;
const ESCAPES: Record<string, string> = { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

class Reader {
  private at = 0;
  constructor(
    private readonly text: string,
    private readonly maxDepth: number,
  ) {}

  end(): void {
    this.space();
    if (this.at !== this.text.length) throw malformed('text after the JSON value');
  }

  value(depth: number): Json {
    this.space();
    const c = this.text[this.at];
    if (c === '"') return this.string();
    if (c === '{') return this.object(depth + 1);
    if (c === '[') return this.array(depth + 1);
    if (c === 't') return this.word('true', true);
    if (c === 'f') return this.word('false', false);
    if (c === 'n') return this.word('null', null);
    return this.number();
  }

  private object(depth: number): Json {
    this.deepen(depth);
    const object: { [name: string]: Json } = {};
    this.space();
    if (this.take('}')) return object;
    for (;;) {
      this.space();
      if (this.text[this.at] !== '"') throw malformed('a member without a name');
      const name = this.string();
      if (name === '__proto__') throw malformed('a member named __proto__');
      if (Object.hasOwn(object, name)) throw malformed('a member name twice in one object');
      this.space();
      if (!this.take(':')) throw malformed('a member without a value');
      object[name] = this.value(depth);
      this.space();
      if (this.take('}')) return object;
      if (!this.take(',')) throw malformed('an object that does not end');
    }
  }

  private array(depth: number): Json {
    this.deepen(depth);
    const items: Json[] = [];
    this.space();
    if (this.take(']')) return items;
    for (;;) {
      items.push(this.value(depth));
      this.space();
      if (this.take(']')) return items;
      if (!this.take(',')) throw malformed('an array that does not end');
    }
  }

  private string(): string {
    this.at++; // the opening quote
    let out = '';
    let escaped = false;
    for (;;) {
      out += this.match(PLAIN) ?? '';
      const c = this.text[this.at++];
      if (c === '"') break;
      if (c !== '\\') throw malformed('a string that does not end, or holds a control character');
      escaped = true;
      const e = this.text[this.at++] ?? '';
      if (e === 'u') {
        const hex = this.match(HEX4);
        if (hex === null) throw malformed('a broken \\u escape');
        out += String.fromCharCode(Number.parseInt(hex, 16));
      } else {
        const plain = Object.hasOwn(ESCAPES, e) ? ESCAPES[e] : undefined;
        if (plain === undefined) throw malformed('an unknown escape');
        out += plain;
      }
    }
    // Text decoded from UTF-8 has no lone surrogate; only an escape can bring one in.
    if (escaped && LONE_SURROGATE.test(out)) throw malformed('a lone surrogate in a string');
    return out;
  }

  private number(): number {
    NUMBER.lastIndex = this.at;
    const m = NUMBER.exec(this.text);
    if (!m) throw malformed('something that is no JSON value');
    const value = Number(m[0]);
    if (Number.isInteger(value) && !Number.isSafeInteger(value))
      throw malformed('a whole number outside the safe range');
    if (String(value) !== m[0]) throw malformed('a number that is not in its shortest spelling'); // so no -0, 1.0, 1e3
    this.at = NUMBER.lastIndex;
    return value;
  }

  private word<T extends Json>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.at)) throw malformed('something that is no JSON value');
    this.at += word.length;
    return value;
  }

  private deepen(depth: number): void {
    if (depth > this.maxDepth) throw malformed(`nesting deeper than ${this.maxDepth}`);
    this.at++; // the opening bracket
  }

  private space(): void {
    for (;;) {
      const c = this.text.charCodeAt(this.at);
      if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return;
      this.at++;
    }
  }

  private take(c: string): boolean {
    if (this.text[this.at] !== c) return false;
    this.at++;
    return true;
  }

  private match(sticky: RegExp): string | null {
    sticky.lastIndex = this.at;
    const m = sticky.exec(this.text);
    if (!m) return null;
    this.at = sticky.lastIndex;
    return m[0];
  }
}

const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

function malformed(problem: string): Refused {
  return new Refused('STATEMENT_MALFORMED', { problem });
}
