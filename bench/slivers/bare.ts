import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { findCgroups, removeOwnGroup } from '@/node-manager/drivers/oci/cgroups';
import { Crun } from '@/node-manager/drivers/oci/crun';
import { mountRootfs, unmount } from '@/node-manager/drivers/oci/mounts';
import { runTool } from '@/node-manager/drivers/oci/run-tool';

/** A range of user ids that no node manager gives to a sliver. */
const UID_BASE = 65_536 * 32_100;
const TOOL_MS = 30_000;

/** What the same work costs without a node manager: an overlay on the same image, the same bundle, crun, and a network namespace. */
export class Bare {
  private readonly crun: Crun;
  private readonly group = `/meridian-bench-${process.pid}`;
  private readonly config: string;

  /** `config`: a sliver's own config.json, of which only names and user ids are changed. */
  constructor(
    private readonly folder: string,
    private readonly image: string,
    config: string,
  ) {
    mkdirSync(`${folder}/crun`, { recursive: true, mode: 0o711 });
    this.crun = new Crun(`${folder}/crun`, findCgroups());
    this.config = readFileSync(config, 'utf8');
  }

  /** Makes and starts one. With `disk` on a file system of its own, as the node manager's. */
  async start(id: string, disk: boolean): Promise<void> {
    const at = `${this.folder}/${id}`;
    mkdirSync(`${at}/disk`, { recursive: true, mode: 0o711 });
    if (disk) {
      await runTool('truncate', ['-s', '512M', `${at}/disk.img`], { timeoutMs: TOOL_MS });
      const lean = ['-O', '^has_journal,^resize_inode', '-m', '0', '-E', 'lazy_itable_init=1,nodiscard'];
      await runTool('mkfs.ext4', ['-q', '-F', ...lean, `${at}/disk.img`], { timeoutMs: TOOL_MS });
      await runTool('mount', ['-o', 'loop', `${at}/disk.img`, `${at}/disk`], { timeoutMs: TOOL_MS });
    }
    await mountRootfs({
      image: this.image,
      upper: `${at}/disk/upper`,
      work: `${at}/disk/work`,
      lower: `${at}/lower`,
      rootfs: `${at}/rootfs`,
      uidBase: UID_BASE,
    });
    const config = JSON.parse(this.config);
    config.root.path = `${at}/rootfs`;
    config.linux.cgroupsPath = `${this.group}/${id}`;
    for (const maps of [config.linux.uidMappings, config.linux.gidMappings]) maps[0].hostID = UID_BASE;
    // What the node manager furnishes it with belongs to the sliver that it was taken from.
    config.mounts = config.mounts.filter((m: { source: string }) => !m.source.startsWith('/run/meridian/'));
    writeFileSync(`${at}/config.json`, JSON.stringify(config));
    const pid = await this.crun.create(id, at);
    await this.crun.start(id, pid);
  }

  async stop(id: string): Promise<void> {
    await this.crun.delete(id);
    for (const mount of ['rootfs', 'disk']) await unmount(`${this.folder}/${id}/${mount}`);
  }

  async destroy(id: string): Promise<void> {
    await this.stop(id);
    await runTool('rm', ['-rf', '--one-file-system', `${this.folder}/${id}`], { timeoutMs: TOOL_MS });
  }

  close(): void {
    removeOwnGroup(findCgroups(), this.group);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
