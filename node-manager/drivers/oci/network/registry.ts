import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

const Entry = z.object({
  tag: z.string(),
  base4: z.string(),
  /** Published: "tcp/30000". */
  ports: z.array(z.string()),
});
export type RegistryEntry = z.infer<typeof Entry>;

/**
 * What the node managers of one host tell each other: the subnet and published ports of each. Files in /run, gone with the host's memory as
 * what they speak of is. Used under the host's lock.
 */
export class NetworkRegistry {
  constructor(readonly folder: string) {}

  /** Every entry; one whose bridge is gone is nobody's any more and is removed. */
  entries(bridgeExists: (tag: string) => boolean): RegistryEntry[] {
    return readdirSync(this.folder).flatMap((name) => {
      if (!name.endsWith('.json')) return [];
      const entry = this.read(name);
      if (entry && bridgeExists(entry.tag)) return [entry];
      rmSync(`${this.folder}/${name}`, { force: true });
      return [];
    });
  }

  write(entry: RegistryEntry): void {
    writeFileSync(`${this.folder}/${entry.tag}.json`, JSON.stringify(entry), { mode: 0o600 });
  }

  remove(tag: string): void {
    rmSync(`${this.folder}/${tag}.json`, { force: true });
  }

  private read(name: string): RegistryEntry | null {
    try {
      return Entry.parse(JSON.parse(readFileSync(`${this.folder}/${name}`, 'utf8')));
    } catch {
      return null; // half written by one that died
    }
  }
}
