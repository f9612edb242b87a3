import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { Refused } from '@/core/errors';
import { isFull } from '../../../journal/disk';
import { MAX_SLOTS } from './addresses';

/** What is kept of a sliver's network. Bytes: of all its interfaces so far; `last*`: of the one it has now, as last seen. */
const SlotFile = z.object({
  slot: z.int().min(0),
  /** URNs: whose traffic it is. */
  slice: z.string(),
  user: z.string(),
  received: z.int(),
  sent: z.int(),
  lastReceived: z.int(),
  lastSent: z.int(),
});
export type Slot = z.infer<typeof SlotFile>;

/**
 * Which sliver has which slot, and so which address, with its bytes: a small file each, kept until the sliver is removed. A slot is used
 * again as late as can be, so that an address that somebody complains of still points to one sliver for long.
 */
export class Slots {
  readonly byId = new Map<string, Slot>();
  private next = 0;

  constructor(private readonly folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(folder)) {
      const id = /^s-(.+)\.json$/.exec(name)?.[1];
      if (id === undefined) continue;
      const slot = read(`${folder}/${name}`);
      if (slot) this.byId.set(id, slot);
    }
    this.next = Math.max(-1, ...[...this.byId.values()].map(({ slot }) => slot)) + 1;
    this.next = Math.max(this.next, Number(readText(`${folder}/next`)) || 0);
  }

  /** @throws Refused NODE_FULL when the bridge has no port left */
  take(id: string, whose: { slice: string; user: string }): Slot {
    const known = this.byId.get(id);
    if (known) return known;
    const taken = new Set([...this.byId.values()].map(({ slot }) => slot));
    if (taken.size >= MAX_SLOTS)
      throw new Refused('NODE_FULL', { resource: 'network addresses', wants: 1, free: 0, capacity: MAX_SLOTS });
    let number = this.next % MAX_SLOTS;
    while (taken.has(number)) number = (number + 1) % MAX_SLOTS;
    this.next = number + 1;
    writeFileSync(`${this.folder}/next`, String(this.next), { mode: 0o600 });
    const slot: Slot = { slot: number, ...whose, received: 0, sent: 0, lastReceived: 0, lastSent: 0 };
    this.byId.set(id, slot);
    this.save(id, slot);
    return slot;
  }

  /** Takes in what the interface has counted by now; null: it is gone. Writes only what is new. */
  count(id: string, now: { received: number; sent: number } | null): void {
    const slot = this.byId.get(id);
    if (!slot) return;
    const fresh = now === null || now.received < slot.lastReceived || now.sent < slot.lastSent; // an interface made anew
    if (fresh && (slot.lastReceived > 0 || slot.lastSent > 0)) {
      slot.received += slot.lastReceived;
      slot.sent += slot.lastSent;
      slot.lastReceived = 0;
      slot.lastSent = 0;
    } else if (now === null || (now.received === slot.lastReceived && now.sent === slot.lastSent)) return;
    if (now) {
      slot.lastReceived = now.received;
      slot.lastSent = now.sent;
    }
    try {
      this.save(id, slot);
    } catch (err) {
      if (!isFull(err)) throw err; // on a full disk it is remembered only here until it is counted again
    }
  }

  release(id: string): void {
    this.byId.delete(id);
    rmSync(`${this.folder}/s-${id}.json`, { force: true });
  }

  private save(id: string, slot: Slot): void {
    const path = `${this.folder}/s-${id}.json`;
    writeFileSync(`${path}.new`, JSON.stringify(slot), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }
}

function read(path: string): Slot | null {
  try {
    return SlotFile.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    rmSync(path, { force: true }); // half written when the machine stopped: no sliver of it runs any more
    return null;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
