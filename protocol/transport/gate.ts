import type { Socket } from 'node:net';
import { addressGroup } from './address-group';

export type GateBounds = {
  /** Connections of one address that have not proved who they are, at once. */
  maxStrangersOfAddress: number;
  /** … of all addresses together: the rest of the server's connections is for those who have. */
  maxStrangers: number;
  /** How long a connection may stay without having proved itself, in ms. */
  strangerMs: number;
  /** New connections of one address in a second, on the average, and at most so many at once after a quiet time. */
  perSecond: number;
  burst: number;
};

export const GATE_BOUNDS: GateBounds = {
  maxStrangersOfAddress: 256,
  maxStrangers: 1_024,
  strangerMs: 30_000,
  perSecond: 100,
  burst: 2_000,
};

/** Addresses whose rates are remembered; the oldest is forgotten first. */
const MAX_ADDRESSES = 10_000;

type Stranger = { address: string; timer: NodeJS.Timeout };

/**
 * Stands before the handshake, which costs a thousand times what a look here does. Strangers (no certificate of this deployment shown
 * yet) are bounded in number and rate; whoever has proved itself is none any more and is cut by nothing here. When
 * there is no room the stranger that waits the longest goes: an honest one is through in milliseconds.
 */
export class Gate {
  /** In the order of their coming. */
  private readonly strangers = new Map<Socket, Stranger>();
  private readonly perAddress = new Map<string, Set<Socket>>();
  private readonly rates = new Map<string, { tokens: number; at: number }>();
  /** How many were turned away or cut. */
  refused = 0;

  constructor(
    private readonly bounds: GateBounds,
    private readonly clock: () => number = () => performance.now(),
  ) {}

  /** False: the connection is to be destroyed without another word. */
  admit(socket: Socket): boolean {
    const address = addressGroup(socket.remoteAddress);
    if (!this.withinRate(address)) {
      this.refused += 1;
      return false;
    }
    const ofAddress = this.perAddress.get(address) ?? new Set();
    this.perAddress.set(address, ofAddress);
    const crowded = ofAddress.size >= this.bounds.maxStrangersOfAddress;
    const full = this.strangers.size >= this.bounds.maxStrangers;
    const goes = crowded ? ofAddress.values().next() : full ? this.strangers.keys().next() : null;
    if (goes && !goes.done) this.cut(goes.value);
    const timer = setTimeout(() => this.cut(socket), this.bounds.strangerMs).unref();
    this.strangers.set(socket, { address, timer });
    this.perAddress.set(address, ofAddress.add(socket));
    socket.once('close', () => this.leave(socket));
    return true;
  }

  /** It has shown a good certificate; idempotent. */
  leave(socket: Socket): void {
    const known = this.strangers.get(socket);
    if (!known) return;
    clearTimeout(known.timer);
    this.strangers.delete(socket);
    const ofAddress = this.perAddress.get(known.address);
    ofAddress?.delete(socket);
    if (ofAddress?.size === 0) this.perAddress.delete(known.address);
  }

  get strangerCount(): number {
    return this.strangers.size;
  }

  private cut(socket: Socket): void {
    this.leave(socket);
    this.refused += 1;
    socket.destroy();
  }

  /** A bucket that fills by `perSecond` and holds `burst`. */
  private withinRate(address: string): boolean {
    const now = this.clock();
    const { perSecond, burst } = this.bounds;
    const known = this.rates.get(address) ?? { tokens: burst, at: now };
    const tokens = Math.min(burst, known.tokens + ((now - known.at) * perSecond) / 1000);
    this.rates.delete(address);
    this.rates.set(address, { tokens: Math.max(0, tokens - 1), at: now });
    if (this.rates.size > MAX_ADDRESSES) {
      const oldest = this.rates.keys().next();
      if (!oldest.done) this.rates.delete(oldest.value);
    }
    return tokens >= 1;
  }
}
