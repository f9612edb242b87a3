import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { z } from 'zod';
import { writeWhole } from '../enrolment/enrolment';

/** What a sliver keeps for ever: its port and its host key; and who was inside last, for a daemon that comes after this one. */
const Kept = z.object({
  port: z.int(),
  hostKey: z.object({ privateKey: z.string(), publicKey: z.string() }),
  /** Mark of each session → fingerprint of its key. */
  sessions: z.record(z.string(), z.string()).default({}),
});
export type Kept = z.infer<typeof Kept>;

/** One small file for each sliver, in a folder of the node's data that root alone reads. */
export class SshStore {
  private readonly known = new Map<string, Kept>();

  constructor(private readonly folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const file of readdirSync(folder)) {
      if (!file.endsWith('.json')) continue;
      const kept = Kept.safeParse(jsonIn(`${folder}/${file}`));
      if (kept.success) this.known.set(file.slice(0, -'.json'.length), kept.data); // a damaged one: the sliver gets a new key
    }
  }

  get(id: string): Kept | undefined {
    return this.known.get(id);
  }

  ids(): string[] {
    return [...this.known.keys()];
  }

  ports(): Set<number> {
    return new Set([...this.known.values()].map((kept) => kept.port));
  }

  /** On the disk when it returns. */
  put(id: string, kept: Kept): void {
    this.known.set(id, kept);
    writeWhole(this.path(id), JSON.stringify(kept));
  }

  forget(id: string): void {
    this.known.delete(id);
    if (existsSync(this.path(id))) rmSync(this.path(id));
  }

  private path(id: string): string {
    return `${this.folder}/${id}.json`;
  }
}

function jsonIn(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}
