// biome-ignore-all lint/suspicious/useAwait: the interface promises, what it does takes no time
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { Refused } from '@/core/errors';
import { writeWhole } from '../../enrolment/enrolment';
import type { Driver, ExecOptions, ExecResult, FoundState, SliverCounters, SliverSpec } from '../driver';
import { ENTRANCE_FOLDER } from '../entrance';
import { readGroups } from './cgroup-usage';
import { type Cgroups, destroyCgroup, processesIn, removeOwnGroup } from './cgroups';
import { containerConfig, UID_RANGE } from './config';
import { Crun } from './crun';
import { DiskUse } from './disk-use';
import { makeEntranceFolder, OciEntrance } from './entrance';
import { execIn } from './exec';
import { mountRootfs, unmount } from './mounts';
import type { SliverNetwork } from './network/sliver-network';
import { runTool } from './run-tool';

/** User ids of slivers: from 2^20 on, in ranges of 65,536; above what systems give to people and below 2^31. */
const FIRST_SLOT = 16;
const SLOTS = 32_000;
const CGROUP_GONE_MS = 5_000;
/** What is not gone by then goes on at the next attempt. */
const REMOVE_MS = 60_000;

const SliverFile = z.object({ uidBase: z.int() });

export type OciOptions = {
  /** The node's data: what slivers wrote lies here. */
  data: string;
  node: string;
  cgroups: Cgroups;
  /** Path of catatonit. */
  init: string;
  /** Image name → its folder; may grow. */
  images: ReadonlyMap<string, string>;
  network: SliverNetwork;
};

/**
 * Slivers as containers: crun, an overlay on a shared image, a user namespace and a network namespace each. All that it makes on the
 * host carries the node's own name and its data's place, so that several node managers on one host never touch each other's: two clones of a
 * deployment have nodes of one name.
 */
export class OciDriver implements Driver {
  readonly name = 'oci';
  readonly auditMs = 10_000;
  readonly concurrency = Math.max(2, availableParallelism());
  readonly network: SliverNetwork;
  readonly entrance: OciEntrance;
  private readonly crun: Crun;
  private readonly slivers: string;
  /** Mount points and crun's state: in /run, gone with the host's memory as they are. Its folders can be passed by the slivers' own users. */
  readonly runtime: string;
  private readonly group: string;
  private readonly usedSlots = new Set<number>();
  private readonly disk = new DiskUse();

  constructor(private readonly o: OciOptions) {
    this.network = o.network;
    this.slivers = `${o.data}/slivers`;
    mkdirSync(this.slivers, { recursive: true, mode: 0o700 });
    const own = ownNames(o.node, o.data);
    this.runtime = own.runtime;
    this.group = own.group;
    mkdirSync(`${this.runtime}/crun`, { recursive: true, mode: 0o711 });
    this.crun = new Crun(`${this.runtime}/crun`, o.cgroups);
    this.entrance = new OciEntrance({
      crunArgs: (...args) => this.crun.args(...args),
      name: nameOf,
      folder: (id) => `${this.runtime}/${nameOf(id)}/entrance`,
      sockets: (id) => `${this.runtime}/${nameOf(id)}/tty`,
      guests: (id) => `${this.runtime}/${nameOf(id)}/guests`,
      pids: (id) => processesIn(o.cgroups, `${this.group}/${nameOf(id)}`),
      imageFolder: (image) => o.images.get(image),
    });
  }

  get images(): readonly string[] {
    return [...this.o.images.keys()];
  }

  async list(): Promise<ReadonlyMap<string, FoundState>> {
    const containers = await this.crun.list();
    const found = new Map<string, FoundState>();
    const ids = new Set(
      [
        ...readdirSync(this.slivers),
        ...readdirSync(this.runtime).filter((name) => name !== 'crun'),
        ...containers.keys(),
      ].map(idOf),
    );
    for (const id of ids) {
      const container = containers.get(nameOf(id));
      found.set(id, container ? (container.running ? 'running' : 'exited') : 'stopped');
    }
    return found;
  }

  async start(spec: SliverSpec): Promise<void> {
    const name = nameOf(spec.id);
    const image = this.o.images.get(spec.resources.image);
    if (!image) throw new Refused('IMAGE_UNKNOWN', { image: spec.resources.image, offers: [...this.images] });
    if ((await this.crun.list()).get(name)?.running) return;
    await this.clear(name);
    const uidBase = this.uidBaseOf(name);
    const at = `${this.slivers}/${name}`;
    const run = `${this.runtime}/${name}`;
    mkdirSync(run, { recursive: true, mode: 0o711 });
    await mountRootfs({
      image,
      upper: `${at}/upper`,
      work: `${at}/work`,
      lower: `${run}/lower`,
      rootfs: `${run}/rootfs`,
      uidBase,
    });
    makeEntranceFolder(`${run}/entrance`, uidBase);
    const config = containerConfig({
      rootfs: `${run}/rootfs`,
      hostname: spec.hostname,
      init: this.o.init,
      cgroupsPath: `${this.group}/${name}`,
      uidBase,
      resources: spec.resources,
      hostCpuMilli: availableParallelism() * 1000,
      files: [...this.network.files(spec.id), { source: `${run}/entrance`, destination: ENTRANCE_FOLDER }],
    });
    writeWhole(`${run}/config.json`, JSON.stringify(config));
    const pid = await this.crun.create(name, run);
    await this.network.attach({ ...spec, user: spec.user ?? '' }, pid);
    await this.crun.start(name, pid);
  }

  async stop(id: string): Promise<void> {
    await this.clear(nameOf(id));
  }

  async remove(id: string): Promise<void> {
    const name = nameOf(id);
    await this.clear(name);
    await this.network.forget(id);
    const file = this.fileOf(name);
    if (file) this.usedSlots.delete(file.uidBase / UID_RANGE);
    // Not Node's own: it names every file by its whole path, and a sliver can nest folders deeper than a path may be long.
    await runTool('rm', ['-rf', '--one-file-system', `${this.slivers}/${name}`], { timeoutMs: REMOVE_MS });
  }

  exec(id: string, argv: readonly string[], options: ExecOptions): Promise<ExecResult> {
    const name = nameOf(id);
    return execIn(
      this.crun.args('exec'),
      name,
      argv,
      () => processesIn(this.o.cgroups, `${this.group}/${name}`),
      options,
    );
  }

  async usage(): Promise<ReadonlyMap<string, SliverCounters>> {
    const groups = await readGroups(this.o.cgroups, this.group);
    const network = await this.network.usage();
    const folders = new Map([...groups.keys()].map((name) => [idOf(name), `${this.slivers}/${name}/upper`]));
    const disk = await this.disk.measure(folders, this.slivers);
    return new Map(
      [...groups].map(([name, group]) => {
        const id = idOf(name);
        const bytes = network.get(id);
        return [
          id,
          {
            ...group,
            diskBytes: disk.get(id) ?? null,
            bytesIn: bytes?.receivedBytes ?? null,
            bytesOut: bytes?.sentBytes ?? null,
          },
        ];
      }),
    );
  }

  /** Gives back the node's own group and runtime folder where they are empty: running slivers keep theirs. */
  async close(): Promise<void> {
    await this.network.close();
    removeOwnGroup(this.o.cgroups, this.group);
    for (const folder of [`${this.runtime}/crun`, this.runtime, '/run/meridian']) removeIfEmpty(folder);
  }

  /** No process, control group, namespace or mount of it is left; its files are. */
  private async clear(name: string): Promise<void> {
    await this.crun.delete(name);
    await this.network.detach(idOf(name));
    await destroyCgroup(this.o.cgroups, `${this.group}/${name}`, CGROUP_GONE_MS);
    const run = `${this.runtime}/${name}`;
    if (!existsSync(run)) return;
    for (const mount of ['rootfs', 'lower']) await unmount(`${run}/${mount}`);
    // Folders and one file of ours, one by one: should something still be mounted in there, it must not be emptied.
    for (const folder of ['rootfs', 'lower']) if (existsSync(`${run}/${folder}`)) rmdirSync(`${run}/${folder}`);
    // Ours, and mounted only inside the sliver.
    for (const folder of ['entrance', 'tty', 'guests']) await rm(`${run}/${folder}`, { recursive: true, force: true });
    for (const file of ['config.json', 'config.json.new', 'pid']) await rm(`${run}/${file}`, { force: true });
    rmdirSync(run);
  }

  /** The sliver's user ids: chosen once by its name, kept with its files, never shared on this node. */
  private uidBaseOf(name: string): number {
    const known = this.fileOf(name);
    if (known) return known.uidBase;
    const taken = new Set([
      ...this.usedSlots,
      ...readdirSync(this.slivers).flatMap((other) => (this.fileOf(other)?.uidBase ?? 0) / UID_RANGE),
    ]);
    let slot = createHash('sha256').update(`${this.o.node} ${name}`).digest().readUInt32LE(0) % SLOTS;
    while (taken.has(FIRST_SLOT + slot)) slot = (slot + 1) % SLOTS;
    const uidBase = (FIRST_SLOT + slot) * UID_RANGE;
    this.usedSlots.add(FIRST_SLOT + slot);
    writeWhole(`${this.slivers}/${name}/sliver.json`, JSON.stringify({ uidBase }));
    return uidBase;
  }

  private fileOf(name: string): z.infer<typeof SliverFile> | null {
    try {
      return SliverFile.parse(JSON.parse(readFileSync(`${this.slivers}/${name}/sliver.json`, 'utf8')));
    } catch (err) {
      if (err instanceof Error && 'code' in err && (err.code === 'ENOENT' || err.code === 'ENOTDIR')) return null; // also one that goes just now
      throw err;
    }
  }
}

/** What a node manager makes on its host, it makes under names of its own: its folder in /run, and its control group. */
export function ownNames(node: string, data: string): { runtime: string; group: string } {
  const tag = createHash('sha256')
    .update(`${node} ${realpathSync(data)}`)
    .digest('hex')
    .slice(0, 12);
  return { runtime: `/run/meridian/${tag}`, group: `/meridian-${tag}` };
}

/** A container's name: an id may begin with a dash, which a command line would take for an option. */
function nameOf(id: string): string {
  return `s-${id}`;
}

function idOf(name: string): string {
  return name.replace(/^s-/, '');
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // somebody else's, or a running sliver's, is in it
  }
}
