import { TERMINAL_PATH, type TerminalAsk, TerminalNews } from '@/protocol/api/terminal';
import type { Over } from './over-words';

/** Bytes after which the server hears that they were shown. */
const SHOWN_EVERY = 32_768;

export type LinkEvents = {
  onOpen: () => void;
  /** What the terminal shows; `shown` must be called once it is on the screen. */
  onData: (bytes: Uint8Array, shown: () => void) => void;
  /** Null: the connection went without a word. */
  onOver: (over: Over | null) => void;
};

/** The browser's end of one terminal. Tells when it is over once, whatever ended it. */
export class TerminalLink {
  private readonly socket: WebSocket;
  private over = false;
  private shown = 0;

  constructor(
    token: string,
    size: { cols: number; rows: number },
    private readonly events: LinkEvents,
  ) {
    const url = new URL(TERMINAL_PATH, window.location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    this.socket = new WebSocket(url);
    this.socket.binaryType = 'arraybuffer';
    this.socket.onopen = () => this.ask({ t: 'open', token, ...size });
    this.socket.onmessage = ({ data }: MessageEvent<unknown>) => this.hear(data);
    this.socket.onclose = () => this.end(null);
  }

  type(text: string): void {
    if (this.socket.readyState !== WebSocket.OPEN) return;
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length; at += SHOWN_EVERY) this.socket.send(bytes.subarray(at, at + SHOWN_EVERY));
  }

  resize(size: { cols: number; rows: number }): void {
    this.ask({ t: 'size', ...size });
  }

  /** Leaves without another word to anybody. */
  close(): void {
    this.over = true;
    this.socket.close();
  }

  private ask(ask: TerminalAsk): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(ask));
  }

  private hear(data: unknown): void {
    if (data instanceof ArrayBuffer) {
      const bytes = new Uint8Array(data);
      this.events.onData(bytes, () => this.wasShown(bytes.length));
      return;
    }
    const news = TerminalNews.safeParse(JSON.parse(String(data))).data;
    if (news?.t === 'open') this.events.onOpen();
    else if (news) {
      const { t: _, ...over } = news;
      this.end(over);
    }
  }

  private wasShown(bytes: number): void {
    this.shown += bytes;
    if (this.shown < SHOWN_EVERY) return;
    this.ask({ t: 'shown', bytes: this.shown });
    this.shown = 0;
  }

  private end(over: Over | null): void {
    if (this.over) return;
    this.over = true;
    this.events.onOver(over);
    this.socket.close();
  }
}
