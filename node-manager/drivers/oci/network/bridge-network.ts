import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Logger } from '../../../log';
import {
  bridgeMac,
  chooseSubnet,
  gateway4,
  gateway6,
  ip4Range,
  type Subnets,
  sliverAddresses,
  subnet6,
} from './addresses';
import type { FlowOwner } from './flows/flow';
import { FlowRecorder } from './flows/flow-recorder';
import { Forwarding } from './forwarding';
import { underHostLock } from './host-lock';
import { interfaceCounters, isListening, nameservers, routedRanges, uplinkMtu } from './host-view';
import { BRIDGE_PREFIX, type NetworkNames, networkNames, vethName } from './names';
import { NetworkRegistry } from './registry';
import { type Member, memberRules, portRules, type RuleSettings, ruleset } from './rules';
import { batch, runScript } from './run-script';
import { classRemoval, classSetup, ingressSetup, queueBounds, queueSetup } from './shaping';
import type { NetworkFile, NetworkSliver, NetworkUsage, PublishedPort, SliverNetwork } from './sliver-network';
import { type Slot, Slots } from './slots';

/** How often bytes are written down: what an interface counted after that is lost if the sliver ends by itself. */
const SAMPLE_MS = 5_000;

export type BridgeOptions = {
  /** The node's data; what must outlive the daemon lies in its folder `network`. */
  data: string;
  /** Hexadecimal, at least eight digits: the node's own on this host. */
  tag: string;
  /** Shared by all node managers of this host, and by none of another network namespace. */
  hostFolder: string;
  /** What all slivers together may send, and receive. */
  capacityKbps: number;
  /** Whom slivers ask for names; empty: as the host does. */
  nameservers: readonly string[];
  ipv6: boolean;
  /** Of flow records. */
  flows: { bytes: number; ageMs: number };
  log: Logger;
};

/**
 * A bridge of the node's own with a veth pair for each sliver, NAT behind the host's address, fences of nft and queues of tc. What the kernel
 * holds outlives the daemon; the next one adopts it and lays the rules anew.
 */
export class BridgeNetwork implements SliverNetwork {
  readonly missing: readonly string[] = [];
  readonly names: NetworkNames;
  readonly slots: Slots;
  subnets: Subnets = { base4: '', base6: '' };
  private readonly members = new Map<string, Member>();
  private readonly wanted = new Map<string, readonly PublishedPort[]>();
  /** Of every slot that was ever used since the start: an answer about an address may come after its sliver went. */
  private readonly owners = new Map<string, FlowOwner>();
  private readonly registry: NetworkRegistry;
  private readonly forwarding: Forwarding;
  private routesForUsAlone = false;
  private readonly endings = new Map<string, Promise<void>>();
  readonly flows: FlowRecorder;
  private sampler: NodeJS.Timeout | null = null;

  constructor(private readonly o: BridgeOptions) {
    this.names = networkNames(o.tag);
    mkdirSync(`${o.data}/network`, { recursive: true, mode: 0o700 });
    this.slots = new Slots(`${o.data}/network`);
    this.registry = new NetworkRegistry(o.hostFolder);
    this.forwarding = new Forwarding(o.hostFolder);
    this.flows = new FlowRecorder({
      folder: `${o.data}/flows`,
      limits: o.flows,
      ownerOf: (address) => this.owners.get(address),
      log: o.log,
    });
  }

  /** Makes bridge, rules and queues, or adopts those of a predecessor with the slivers on it. Throws what a tool said when the host cannot. */
  async open(): Promise<void> {
    await this.underLock(async () => {
      const { bridge, ifb, vethPrefix } = this.names;
      const links = interfaceCounters();
      const others = this.registry
        .entries((tag) => links.has(networkNames(tag).bridge))
        .filter(({ tag }) => tag !== this.names.tag);
      const known = new Map([...this.slots.byId].map(([id, slot]) => [vethName(this.names, slot.slot), id]));
      const adopts = links.has(bridge) && [...known.keys()].some((veth) => links.has(veth));
      const before = savedSubnet(`${this.o.data}/network/subnet`);
      const taken = routedRanges(await runScript('ip', 'ip -4 route show table all'), bridge);
      for (const { base4 } of others) taken.push(ip4Range(`${base4}/22`) ?? { first: 0, last: 0 });
      const base4 = adopts && before ? before : chooseSubnet(this.names.tag, taken, before);
      if (!base4) throw new Error('no free subnet in 10.0.0.0/8');
      this.subnets = { base4, base6: subnet6(this.names.tag) };
      writeFileSync(`${this.o.data}/network/subnet`, base4, { mode: 0o600 });
      this.writeResolvConf();
      if (adopts) await runScript('tc', batch('tc -batch -', queueBounds(this.names, this.o.capacityKbps)));
      else await this.makeBridge([bridge, ifb].filter((name) => links.has(name)));
      const strays = [...links.keys()].filter((name) => name.startsWith(vethPrefix) && !known.has(name));
      if (strays.length > 0)
        await runScript(
          'ip',
          batch(
            'ip -force -batch -',
            strays.map((name) => `link del ${name}`),
          ),
        );
      for (const [id, slot] of this.slots.byId) {
        const alive = adopts && links.has(vethName(this.names, slot.slot));
        this.remember(id, slot);
        if (alive) this.members.set(id, this.member(id, slot));
        else this.slots.count(id, null);
      }
      this.registry.write({ tag: this.names.tag, base4, ports: [] });
      const bridges = (await runScript('ip', 'ip -o link show type bridge')).matchAll(/^\d+: ([^:@]+)/gm);
      const alone = [...bridges].every(([, name]) => name?.startsWith(BRIDGE_PREFIX));
      const switched = [...this.forwarding.enable(this.o.ipv6), ...(alone ? this.forwarding.unmixBridges() : [])];
      if (switched.length > 0) this.o.log.info({ switched }, 'switched in the kernel, so that slivers reach the world');
      this.routesForUsAlone = this.forwarding.onlyForUs;
      await this.layRules();
    });
    await this.flows.begin();
    this.sampler = setInterval(() => this.sample(), SAMPLE_MS).unref();
  }

  files(): readonly NetworkFile[] {
    return [{ source: this.resolvConf, destination: '/etc/resolv.conf' }];
  }

  async attach(sliver: NetworkSliver, pid: number): Promise<void> {
    await this.detach(sliver.id);
    const slot = this.slots.take(sliver.id, sliver);
    const member = this.member(sliver.id, slot);
    await this.endings.get(member.ipv4);
    const { bridge, ifb } = this.names;
    const mtu = uplinkMtu();
    this.remember(sliver.id, slot);
    this.members.set(sliver.id, member);
    const { ipv6 } = this.o;
    const script = [
      batch('ip -batch -', [
        `link add ${member.veth} mtu ${mtu} type veth peer name eth0 mtu ${mtu} address ${member.mac} netns ${pid}`,
        `link set ${member.veth} master ${bridge} up`,
        `link set ${member.veth} type bridge_slave isolated on`,
        `neigh replace ${member.ipv4} lladdr ${member.mac} dev ${bridge} nud permanent`,
        ...(ipv6 ? [`neigh replace ${member.ipv6} lladdr ${member.mac} dev ${bridge} nud permanent`] : []),
      ]),
      batch('tc -batch -', [
        ...classSetup([bridge, ifb], slot.slot, sliver.resources, this.o.capacityKbps),
        ...ingressSetup(this.names, member.veth, member.mac),
      ]),
      batch('nft -f -', memberRules(this.ruleSettings, member, 'add')),
      // Last: the sliver's side has no address before its fences stand.
      batch(`nsenter --net=/proc/${pid}/ns/net ip -batch -`, [
        'link set lo up',
        'link set eth0 up',
        `addr add ${member.ipv4}/32 dev eth0`,
        `route add ${gateway4(this.subnets)} dev eth0 scope link`,
        `route add default via ${gateway4(this.subnets)} dev eth0`,
        ...(ipv6
          ? [
              `addr add ${member.ipv6}/128 dev eth0 nodad`,
              `route add ${gateway6(this.subnets)}/128 dev eth0`,
              `route add ::/0 via ${gateway6(this.subnets)} dev eth0`,
            ]
          : []),
      ]),
    ].join('');
    try {
      await runScript('network', script);
    } catch (err) {
      await this.detach(sliver.id).catch(() => {});
      throw err;
    }
    if (member.ports.length > 0) await this.tellPorts();
  }

  async detach(id: string): Promise<void> {
    const member = this.members.get(id);
    const slot = this.slots.byId.get(id);
    if (!member || !slot) return;
    this.count(id, interfaceCounters());
    const { bridge, ifb } = this.names;
    const script = [
      batch(
        'ip -force -batch -',
        [
          `link del ${member.veth}`,
          `neigh del ${member.ipv4} dev ${bridge}`,
          ...(this.o.ipv6 ? [`neigh del ${member.ipv6} dev ${bridge}`] : []),
        ],
        'true',
      ),
      batch('tc -force -batch -', classRemoval([bridge, ifb], slot.slot), 'true'),
      batch('nft -f -', memberRules(this.ruleSettings, member, 'delete'), 'echo unfit'),
    ].join('');
    this.members.delete(id);
    const said = await runScript('network', script);
    if (said.includes('unfit')) await this.layRules();
    this.endFlows(member.ipv4);
    this.slots.count(id, null);
  }

  /** What runs over the address ends in the kernel's memory too. Nobody waits for it: the address is used again as late as can be. */
  private endFlows(address: string): void {
    const script = `for side in --orig-src --reply-src; do conntrack -D $side ${address} >&2 2>&1 || true; done\n`;
    const ending = runScript('conntrack', script)
      .catch((err: unknown) => this.o.log.debug({ err }, 'connections could not be ended'))
      .then(() => void this.endings.delete(address));
    this.endings.set(address, ending);
  }

  async forget(id: string): Promise<void> {
    await this.detach(id);
    this.wanted.delete(id);
    this.slots.release(id);
  }

  async update(sliver: NetworkSliver): Promise<void> {
    const slot = this.slots.byId.get(sliver.id);
    if (!slot || !this.members.has(sliver.id)) return;
    const { bridge, ifb } = this.names;
    const lines = classSetup([bridge, ifb], slot.slot, sliver.resources, this.o.capacityKbps);
    await runScript('tc', batch('tc -batch -', lines));
  }

  async setPorts(id: string, ports: readonly PublishedPort[]): Promise<void> {
    this.wanted.set(id, ports);
    const member = this.members.get(id);
    if (!member) return;
    const next = { ...member, ports };
    this.members.set(id, next);
    const settings = this.ruleSettings;
    await this.nft([...portRules(settings, member, 'delete'), ...portRules(settings, next, 'add')]);
    // What runs through a port that is no longer there, or no longer for everybody, ends.
    const changed = member.ports.filter((old) => !ports.some((port) => JSON.stringify(port) === JSON.stringify(old)));
    const lines = changed.map(
      (port) =>
        `conntrack -D -p ${port.protocol} --orig-port-dst ${port.external} --reply-src ${member.ipv4} >&2 2>&1 || true\n`,
    );
    if (lines.length > 0) await runScript('conntrack', lines.join(''));
    await this.tellPorts();
  }

  async holderOf(protocol: PublishedPort['protocol'], external: number): Promise<string | null> {
    if (isListening(protocol, external)) return 'a program of this host';
    return await this.underLock(() => {
      const links = interfaceCounters();
      const other = this.registry
        .entries((tag) => links.has(networkNames(tag).bridge))
        .find((entry) => entry.tag !== this.names.tag && entry.ports.includes(`${protocol}/${external}`));
      return other ? 'another node on this host' : null;
    });
  }

  usage(): Promise<ReadonlyMap<string, NetworkUsage>> {
    this.sample();
    return Promise.resolve(
      new Map(
        [...this.slots.byId].map(([id, slot]) => [
          id,
          { receivedBytes: slot.received + slot.lastReceived, sentBytes: slot.sent + slot.lastSent },
        ]),
      ),
    );
  }

  async close(): Promise<void> {
    if (this.sampler) clearInterval(this.sampler);
    this.sampler = null;
    if (!this.subnets.base4) return;
    this.countAll();
    await Promise.all(this.endings.values());
    await this.flows.close();
    await this.underLock(async (removeAll) => {
      const links = interfaceCounters();
      if ([...links.keys()].some((name) => name.startsWith(this.names.vethPrefix))) return; // slivers run on
      await this.unmakeBridge([this.names.bridge, this.names.ifb].filter((name) => links.has(name)));
      this.registry.remove(this.names.tag);
      rmSync(this.resolvConf, { force: true });
      const left = this.registry.entries((tag) => links.has(networkNames(tag).bridge));
      if (left.length > 0) return;
      const switched = this.forwarding.restore();
      if (switched.length > 0)
        this.o.log.info({ switched }, 'switched back in the kernel: the last network of slivers is gone');
      removeAll();
    });
  }

  private async makeBridge(leftOver: string[]): Promise<void> {
    await this.unmakeBridge(leftOver);
    const { bridge, ifb, tag } = this.names;
    await runScript(
      'network',
      [
        batch('ip -batch -', [
          `link add ${bridge} address ${bridgeMac(tag)} type bridge stp_state 0 mcast_snooping 0`,
          `link add ${ifb} txqueuelen 1000 type ifb`,
          `addr add ${gateway4(this.subnets)}/22 dev ${bridge}`,
          ...(this.o.ipv6 ? [`addr add ${gateway6(this.subnets)}/64 dev ${bridge} nodad`] : []),
          `link set ${bridge} txqueuelen 1000 up`,
          `link set ${ifb} up`,
        ]),
        // The host's own programs may use published ports by way of 127.0.0.1; what slivers send there is dropped.
        `echo 1 > /proc/sys/net/ipv4/conf/${bridge}/route_localnet\n`,
        batch('tc -batch -', queueSetup(this.names, this.o.capacityKbps)),
      ].join(''),
    );
  }

  private async unmakeBridge(links: string[]): Promise<void> {
    const { table } = this.names;
    await runScript(
      'network',
      batch(
        'ip -batch -',
        links.map((name) => `link del ${name}`),
      ) +
        batch(
          'nft -f -',
          ['bridge', 'inet'].flatMap((family) => [`add table ${family} ${table}`, `delete table ${family} ${table}`]),
        ),
    );
  }

  private get ruleSettings(): RuleSettings {
    return {
      names: this.names,
      subnets: this.subnets,
      ipv6: this.o.ipv6,
      routesForUsAlone: this.routesForUsAlone,
    };
  }

  private layRules(): Promise<unknown> {
    return runScript('nft', batch('nft -f -', [ruleset(this.ruleSettings, [...this.members.values()])]));
  }

  /** A change of rules; one that does not fit what is there, as after a step cut short, lays all of them anew. */
  private async nft(lines: string[]): Promise<void> {
    if (lines.length === 0) return;
    try {
      await runScript('nft', batch('nft -f -', lines));
    } catch (err) {
      this.o.log.debug({ err }, 'a change of rules did not fit: laying them anew');
      await this.layRules();
    }
  }

  private member(id: string, slot: Slot): Member {
    return {
      veth: vethName(this.names, slot.slot),
      ...sliverAddresses(this.names.tag, this.subnets, slot.slot),
      ports: this.wanted.get(id) ?? [],
    };
  }

  private remember(id: string, slot: Slot): void {
    const { ipv4, ipv6 } = sliverAddresses(this.names.tag, this.subnets, slot.slot);
    for (const address of [ipv4, ipv6]) this.owners.set(address, { id, slice: slot.slice, user: slot.user });
  }

  private async tellPorts(): Promise<void> {
    const ports = [...this.members.values()].flatMap((member) =>
      member.ports.map((port) => `${port.protocol}/${port.external}`),
    );
    await this.underLock(() => this.registry.write({ tag: this.names.tag, base4: this.subnets.base4, ports }));
  }

  /** What it does at each beat: bytes are written down, and what changed on the host is followed. */
  private sample(): void {
    this.countAll();
    this.writeResolvConf();
    this.forwarding.enable(this.o.ipv6);
  }

  private countAll(): void {
    const links = interfaceCounters();
    for (const id of this.members.keys()) this.count(id, links);
  }

  private count(id: string, links: ReturnType<typeof interfaceCounters>): void {
    const slot = this.slots.byId.get(id);
    const link = slot && links.get(vethName(this.names, slot.slot));
    if (link) this.slots.count(id, { received: link.sent, sent: link.received }); // the host's end of the pair
  }

  private get resolvConf(): string {
    return `${this.o.hostFolder}/${this.names.tag}.resolv`;
  }

  /** In place: slivers that run see it through the file that they were given. */
  private writeResolvConf(): void {
    const servers = this.o.nameservers.length > 0 ? this.o.nameservers : nameservers();
    const text = `${servers.map((address) => `nameserver ${address}`).join('\n')}\n`;
    if (readText(this.resolvConf) !== text) {
      mkdirSync(this.o.hostFolder, { recursive: true, mode: 0o711 }); // the last of several networks takes it along
      writeFileSync(this.resolvConf, text, { mode: 0o644 });
    }
  }

  private underLock<T>(work: (removeAll: () => void) => Promise<T> | T): Promise<T> {
    return underHostLock(this.o.hostFolder, work);
  }
}

function savedSubnet(path: string): string | null {
  const text = readText(path)?.trim();
  return text && ip4Range(text) ? text : null;
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
