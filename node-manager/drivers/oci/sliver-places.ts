import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { z } from 'zod';
import { Refused } from '@/core/errors';
import { writeWhole } from '../../enrolment/enrolment';
import { UID_RANGE } from './config';
import { DISK_KINDS, type DiskKind, type DiskLimit, type DiskPlace } from './disk/disk';
import { runTool } from './run-tool';
import { UidRegistry } from './uid-registry';

/** User ids of slivers: from 2^20 on, in ranges of 65,536; above what systems give to people and below 2^31. */
const FIRST_SLOT = 16;
const SLOTS = 32_000;
/** What is not gone by then goes on at the next attempt. */
const REMOVE_MS = 60_000;
/** What a sliver wrote, whichever way its disk is limited. */
const WRITTEN = ['disk', 'disk.img', 'upper', 'work'];

const SliverFile = z.object({
  uidBase: z.int(),
  /** Slivers of an earlier version have none. */
  disk: z.enum(DISK_KINDS).default('plain'),
  /** The image's folder as it was when the sliver's root was made. */
  image: z.string().optional(),
});
export type SliverFile = z.infer<typeof SliverFile>;

/** What slivers have on the node's disk: a folder each, with the facts that must outlive the daemon and the host's restart. */
export class SliverPlaces {
  private readonly usedSlots = new Set<number>();

  constructor(
    private readonly node: string,
    private readonly slivers: string,
    private readonly runtime: string,
    private readonly uids = new UidRegistry(),
  ) {
    mkdirSync(slivers, { recursive: true, mode: 0o700 });
    uids.sweep();
  }

  names(): string[] {
    return readdirSync(this.slivers);
  }

  placeOf(name: string, file: Pick<SliverFile, 'uidBase'>): DiskPlace {
    return { at: `${this.slivers}/${name}`, run: `${this.runtime}/${name}`, slot: file.uidBase / UID_RANGE };
  }

  /**
   * The sliver's facts, made when it is new: user ids that no sliver of this host has, kept with its files.
   * @throws Refused DRIVER_UNABLE when another node manager's sliver took its ids while this one was away
   */
  claim(name: string, disk: DiskKind, image: string): SliverFile {
    const at = `${this.slivers}/${name}`;
    const known = this.fileOf(name);
    if (known) {
      if (!this.uids.claim(known.uidBase / UID_RANGE, at)) {
        const missing = [`user ids from ${known.uidBase}: another node manager of this host gave them to a sliver`];
        throw new Refused('DRIVER_UNABLE', { driver: 'oci', missing });
      }
      if (known.image) return known;
      const file = { ...known, image };
      writeWhole(`${at}/sliver.json`, JSON.stringify(file));
      return file;
    }
    mkdirSync(at, { recursive: true, mode: 0o700 });
    const taken = new Set([
      ...this.usedSlots,
      ...this.names().flatMap((other) => (this.fileOf(other)?.uidBase ?? 0) / UID_RANGE),
    ]);
    let slot = createHash('sha256').update(`${this.node} ${name}`).digest().readUInt32LE(0) % SLOTS;
    while (taken.has(FIRST_SLOT + slot) || !this.uids.claim(FIRST_SLOT + slot, at)) slot = (slot + 1) % SLOTS;
    this.usedSlots.add(FIRST_SLOT + slot);
    const file = { uidBase: (FIRST_SLOT + slot) * UID_RANGE, disk, image };
    try {
      writeWhole(`${at}/sliver.json`, JSON.stringify(file));
    } catch (err) {
      this.usedSlots.delete(FIRST_SLOT + slot); // a full disk: nobody would know whose they are
      this.uids.release(FIRST_SLOT + slot, at);
      throw err;
    }
    return file;
  }

  fileOf(name: string): SliverFile | null {
    try {
      return SliverFile.parse(JSON.parse(readFileSync(`${this.slivers}/${name}/sliver.json`, 'utf8')));
    } catch (err) {
      if (err instanceof Error && 'code' in err && (err.code === 'ENOENT' || err.code === 'ENOTDIR')) return null; // also one that goes just now
      throw err;
    }
  }

  /** Throws away what the sliver wrote: all of it or, when a crash cuts it short, the rest at `tidy`. Nothing of it may be mounted. */
  async discard(name: string, file: SliverFile, limit: DiskLimit, next: { disk: DiskKind }): Promise<void> {
    const place = this.placeOf(name, file);
    if (limit.kind === 'tmpfs') await limit.remove(place);
    for (const part of WRITTEN) {
      await this.rm(`${place.at}/${part}.old`);
      if (existsSync(`${place.at}/${part}`)) renameSync(`${place.at}/${part}`, `${place.at}/${part}.old`);
    }
    writeWhole(`${place.at}/sliver.json`, JSON.stringify({ uidBase: file.uidBase, disk: next.disk }));
    await limit.remove(place);
    await this.tidy(name);
  }

  /** What a reset that was cut short left. */
  async tidy(name: string): Promise<void> {
    for (const part of WRITTEN) await this.rm(`${this.slivers}/${name}/${part}.old`);
  }

  async remove(name: string): Promise<void> {
    const file = this.fileOf(name);
    await this.rm(`${this.slivers}/${name}`);
    if (!file) return;
    this.usedSlots.delete(file.uidBase / UID_RANGE);
    this.uids.release(file.uidBase / UID_RANGE, `${this.slivers}/${name}`);
  }

  close(): void {
    this.uids.close();
  }

  /** Not Node's own: it names every file by its whole path, and a sliver can nest folders deeper than a path may be long. */
  private async rm(path: string): Promise<void> {
    if (existsSync(path)) await runTool('rm', ['-rf', '--one-file-system', path], { timeoutMs: REMOVE_MS });
  }
}
