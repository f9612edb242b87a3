// biome-ignore-all lint/suspicious/useAwait: the interface promises, what it does takes no time
import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { Refused } from '@/core/errors';
import type { ResourceVector } from '@/core/resources/vector';
import type { Enforcement } from '@/protocol/node-manager/limits';
import { writeWhole } from '../../enrolment/enrolment';
import type { Driver, ExecOptions, ExecResult, FoundState, SliverCounters, SliverLogs, SliverSpec } from '../driver';
import { ENTRANCE_FOLDER } from '../entrance';
import { readGroups } from './cgroup-usage';
import { type Cgroups, destroyCgroup, processesIn, removeOwnGroup } from './cgroups';
import { containerConfig } from './config';
import { CpuDivision } from './cpu-division';
import { Crun } from './crun';
import { diskLimits } from './disk/choose-disk';
import type { DiskKind, DiskLimit } from './disk/disk';
import { DiskUse } from './disk-use';
import { makeEntranceFolder, OciEntrance } from './entrance';
import { execIn } from './exec';
import { type LimitHost, resourceLimits, unenforced } from './limits';
import { mountRootfs, unmount } from './mounts';
import type { SliverNetwork } from './network/sliver-network';
import { appendBounded, consoleOf, readKept } from './sliver-log';
import { type SliverFile, SliverPlaces } from './sliver-places';

const CGROUP_GONE_MS = 5_000;
const CONSOLE_FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW;
/** Given up while a root is mounted, which needs a little room even where the sliver filled its disk. */
const BALLAST_BYTES = 16_384;

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
  limits: LimitHost;
  /** How the disk of new slivers is limited, and why not better. */
  disk: { kind: DiskKind; unable: readonly string[] };
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
  readonly enforcement: Enforcement;
  private readonly crun: Crun;
  private readonly division: CpuDivision;
  private readonly places: SliverPlaces;
  private readonly disks: ReadonlyMap<DiskKind, DiskLimit>;
  /** Mount points and crun's state: in /run, gone with the host's memory as they are. Its folders can be passed by the slivers' own users. */
  readonly runtime: string;
  private readonly group: string;
  private readonly disk = new DiskUse();

  constructor(private readonly o: OciOptions) {
    this.network = o.network;
    const own = ownNames(o.node, o.data);
    this.runtime = own.runtime;
    this.group = own.group;
    mkdirSync(`${this.runtime}/crun`, { recursive: true, mode: 0o711 });
    this.crun = new Crun(`${this.runtime}/crun`, o.cgroups);
    this.division = new CpuDivision(o.cgroups, o.limits);
    this.entrance = new OciEntrance({
      crunArgs: (...args) => this.crun.args(...args),
      name: nameOf,
      folder: (id) => `${this.runtime}/${nameOf(id)}/entrance`,
      sockets: (id) => `${this.runtime}/${nameOf(id)}/tty`,
      guests: (id) => `${this.runtime}/${nameOf(id)}/guests`,
      pids: (id) => processesIn(o.cgroups, `${this.group}/${nameOf(id)}`),
      imageFolder: (image) => o.images.get(image),
    });
    this.places = new SliverPlaces(o.node, `${o.data}/slivers`, this.runtime);
    this.disks = diskLimits(o.data);
    const { kind } = o.disk;
    this.enforcement = {
      unenforced: unenforced(o.limits, o.disk),
      disk: { kind, cost: this.diskOf({ disk: kind }).cost },
    };
  }

  get images(): readonly string[] {
    return [...this.o.images.keys()];
  }

  async list(): Promise<ReadonlyMap<string, FoundState>> {
    const containers = await this.crun.list();
    const found = new Map<string, FoundState>();
    const ids = new Set(
      [
        ...this.places.names(),
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
    if (this.crun.knows(name) && (await this.crun.list()).get(name)?.running) return;
    await this.clear(name);
    const file = this.places.claim(name, this.o.disk.kind, this.imageOf(spec, this.places.fileOf(name)));
    await this.places.tidy(name);
    const run = `${this.runtime}/${name}`;
    mkdirSync(run, { recursive: true, mode: 0o711 });
    makeEntranceFolder(`${run}/entrance`, file.uidBase);
    const stdout = await this.mountRoot(name, file, spec.resources.diskMiB);
    try {
      const config = containerConfig({
        rootfs: `${run}/rootfs`,
        hostname: spec.hostname,
        init: this.o.init,
        cgroupsPath: `${this.group}/${name}`,
        uidBase: file.uidBase,
        resources: spec.resources,
        host: this.o.limits,
        arch: process.arch,
        files: [...this.network.files(spec.id), { source: `${run}/entrance`, destination: ENTRANCE_FOLDER }],
      });
      writeWhole(`${run}/config.json`, JSON.stringify(config));
      const pid = await this.crun.create(name, run, stdout);
      await this.network.attach({ ...spec, user: spec.user ?? '' }, pid);
      await this.crun.start(name, pid);
    } finally {
      closeSync(stdout);
    }
  }

  divide(running: ReadonlyMap<string, ResourceVector>, places: number): void {
    const groups = new Map([...running].map(([id, resources]) => [`${this.group}/${nameOf(id)}`, resources]));
    this.division.divide(groups, places);
  }

  async stop(id: string): Promise<void> {
    await this.clear(nameOf(id));
  }

  async reset(id: string): Promise<void> {
    const name = nameOf(id);
    await this.clear(name);
    const file = this.places.fileOf(name);
    if (file) await this.places.discard(name, file, this.diskOf(file), { disk: this.o.disk.kind });
  }

  async update(spec: SliverSpec): Promise<void> {
    const name = nameOf(spec.id);
    const file = this.places.fileOf(name);
    if (!file) return;
    await this.diskOf(file).resize(this.places.placeOf(name, file), spec.resources.diskMiB);
    const path = `${this.runtime}/${name}/limits.json`;
    writeWhole(path, JSON.stringify(resourceLimits(spec.resources, this.o.limits)));
    await this.crun.update(name, path);
    this.division.forget(`${this.group}/${name}`);
    await this.network.update({ ...spec, user: spec.user ?? '' });
  }

  async remove(id: string): Promise<void> {
    const name = nameOf(id);
    await this.clear(name);
    await this.network.forget(id);
    const file = this.places.fileOf(name);
    if (file) await this.diskOf(file).remove(this.places.placeOf(name, file));
    await this.places.remove(name);
  }

  note(id: string, line: string): void {
    const file = this.places.fileOf(nameOf(id));
    try {
      if (file) appendBounded(`${this.places.placeOf(nameOf(id), file).at}/events.log`, line);
    } catch {
      // a full disk must not keep a sliver from anything
    }
  }

  async logs(id: string): Promise<SliverLogs> {
    const name = nameOf(id);
    const file = this.places.fileOf(name);
    if (!file) return { events: '', console: '' };
    const { at } = this.places.placeOf(name, file);
    const pid = this.firstProcess(name);
    const console = pid !== null ? consoleOf(pid) : readKept(`${at}/console.log`);
    return { events: readKept(`${at}/events.log`), console };
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
    const folders = new Map([...groups.keys()].map((name) => [idOf(name), this.writtenBy(name)]));
    const disk = await this.disk.measure(folders, `${this.o.data}/slivers`);
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
    this.places.close();
    for (const folder of [`${this.runtime}/crun`, this.runtime, '/run/meridian']) removeIfEmpty(folder);
  }

  /** A sliver stays with the image that its root was made of, also when its name means another one by now. */
  private imageOf(spec: SliverSpec, file: SliverFile | null): string {
    const image = file?.image ?? this.o.images.get(spec.resources.image);
    if (image && existsSync(image)) return image;
    throw new Refused('IMAGE_UNKNOWN', { image: spec.resources.image, offers: [...this.images] });
  }

  /** Where to look for how much a sliver wrote: a file system of its own, or a folder. */
  private writtenBy(name: string): string {
    const at = `${this.o.data}/slivers/${name}`;
    const kind = this.places.fileOf(name)?.disk;
    if (kind === 'ext4-image')
      return existsSync(`${this.runtime}/${name}/rootfs`) ? `${this.runtime}/${name}/rootfs` : at;
    return kind === 'plain' ? `${at}/upper` : `${at}/disk`;
  }

  private diskOf(file: Pick<SliverFile, 'disk'>): DiskLimit {
    const limit = this.disks.get(file.disk);
    if (!limit) throw new Error(`no way called ${file.disk} to limit a disk`);
    return limit;
  }

  /** Puts the root together; gives an open file for the output of the sliver's first process, which counts as the sliver's disk. */
  private async mountRoot(name: string, file: SliverFile, diskMiB: number): Promise<number> {
    const place = this.places.placeOf(name, file);
    const limit = this.diskOf(file);
    const folder = await limit.open(place, diskMiB);
    try {
      await rm(`${folder}/ballast`, { force: true });
      const stdout = openSync(`${folder}/console`, CONSOLE_FLAGS, 0o600);
      const { run } = place;
      await mountRootfs({
        image: file.image ?? '',
        upper: `${folder}/upper`,
        work: `${folder}/work`,
        lower: `${run}/lower`,
        rootfs: `${run}/rootfs`,
        uidBase: file.uidBase,
      });
      fill(`${folder}/ballast`);
      return stdout;
    } finally {
      await limit.settle(place);
    }
  }

  /** No process, control group, namespace or mount of it is left; its files are. */
  private async clear(name: string): Promise<void> {
    this.keepConsole(name);
    // Beside each other, but none goes on after the other failed: steps on a sliver never overlap.
    const both = await Promise.allSettled([this.clearHost(name), this.network.detach(idOf(name))]);
    for (const one of both) if (one.status === 'rejected') throw one.reason;
  }

  private async clearHost(name: string): Promise<void> {
    if (this.crun.knows(name)) await this.crun.delete(name);
    await destroyCgroup(this.o.cgroups, `${this.group}/${name}`, CGROUP_GONE_MS);
    const run = `${this.runtime}/${name}`;
    if (!existsSync(run)) return;
    for (const mount of ['rootfs', 'lower', 'disk']) await unmount(`${run}/${mount}`);
    // Folders and one file of ours, one by one: should something still be mounted in there, it must not be emptied.
    for (const folder of ['rootfs', 'lower', 'disk']) if (existsSync(`${run}/${folder}`)) rmdirSync(`${run}/${folder}`);
    // Ours, and mounted only inside the sliver.
    for (const folder of ['entrance', 'tty', 'guests']) await rm(`${run}/${folder}`, { recursive: true, force: true });
    for (const file of ['config.json', 'config.json.new', 'limits.json', 'limits.json.new', 'pid'])
      await rm(`${run}/${file}`, { force: true });
    rmdirSync(run);
  }

  /** The end of what it printed, for those who ask why it stopped. */
  private keepConsole(name: string): void {
    const pid = this.firstProcess(name);
    const text = pid === null ? '' : consoleOf(pid);
    if (text) writeWhole(`${this.o.data}/slivers/${name}/console.log`, text);
  }

  /** As it was when it was made; null when it runs no more. */
  private firstProcess(name: string): number | null {
    const file = `${this.runtime}/${name}/pid`;
    const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
    return pid > 0 && processesIn(this.o.cgroups, `${this.group}/${name}`).includes(pid) ? pid : null;
  }
}

/** What a node manager makes on its host, it makes under names of its own: its folder in /run, and its control group. */
export function ownNames(node: string, data: string): { tag: string; runtime: string; group: string } {
  const tag = createHash('sha256')
    .update(`${node} ${realpathSync(data)}`)
    .digest('hex')
    .slice(0, 12);
  return { tag, runtime: `/run/meridian/${tag}`, group: `/meridian-${tag}` };
}

/** A container's name: an id may begin with a dash, which a command line would take for an option. */
function nameOf(id: string): string {
  return `s-${id}`;
}

function idOf(name: string): string {
  return name.replace(/^s-/, '');
}

function fill(path: string): void {
  try {
    writeFileSync(path, Buffer.alloc(BALLAST_BYTES, 1));
  } catch {
    // full: there will be less room the next time
  }
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // somebody else's, or a running sliver's, is in it
  }
}
