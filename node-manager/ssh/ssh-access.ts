import type { Reason } from '@/core/errors';
import type { SshView } from '@/protocol/node-manager/access';
import type { Entrance } from '../drivers/entrance';
import type { LeaseRecord } from '../lease/node-state';
import type { Logger } from '../log';
import { Door } from './door';
import { fingerprintOf, generateHostKey } from './host-key';
import { SSH_LIMITS, type SshLimits } from './limits';
import { type PortRange, portOrder } from './ports';
import { loginOf, SSHD, sshdCommand, sshdFiles } from './sshd';
import type { SshStore } from './store';
import { WaitingRoom } from './waiting-room';

/** A port that another program holds is asked for again after this long. */
const RETRY_MS = 5_000;

export type SshAccessOptions = {
  node: string;
  entrance: Entrance;
  store: SshStore;
  ports: PortRange | null;
  /** The address it listens on, and the one that people are told; null where nobody can dial the node. */
  listen: string;
  host: string | null;
  keys: (slice: string) => readonly string[];
  log: Logger;
  limits?: Partial<SshLimits>;
};

type Entry = { lease: LeaseRecord; door: Door | null; retry: NodeJS.Timeout | null };

/** ssh into slivers: a port each, a host key each, and no process while nobody is there. */
export class SshAccess {
  private readonly entries = new Map<string, Entry>();
  private readonly problems = new Map<string, string>();
  private readonly room = new WaitingRoom();
  private readonly limits: SshLimits;
  private closed = false;

  constructor(private readonly o: SshAccessOptions) {
    this.limits = { ...SSH_LIMITS, ...o.limits };
  }

  /** A sliver runs: opens its port, the same one as ever. Idempotent. */
  async open(lease: LeaseRecord): Promise<void> {
    const id = lease.jti;
    if (this.closed) return;
    const known = this.entries.get(id);
    if (known) {
      known.lease = lease;
      return;
    }
    this.endStrangers(lease);
    if (this.unable(lease)) return;
    const entry: Entry = { lease, door: null, retry: null };
    this.entries.set(id, entry);
    await this.listen(entry);
  }

  /** A sliver no longer runs: nobody comes in. `gone`: its port and host key are given back too. */
  shut(id: string, gone: boolean): void {
    const entry = this.entries.get(id);
    if (entry?.retry) clearTimeout(entry.retry);
    entry?.door?.close();
    this.entries.delete(id);
    this.problems.delete(id);
    if (gone) this.o.store.forget(id);
  }

  /** The slice's keys are others now: who comes next is judged by them, and who is inside with a removed one has to leave. */
  keysChanged(slice: string): void {
    for (const [id, { lease, door }] of this.entries) {
      if (lease.slice !== slice) continue;
      this.furnish(lease);
      const allowed = this.fingerprints(slice);
      door?.keep(allowed);
      for (const [mark, key] of Object.entries(this.o.store.get(id)?.sessions ?? {}))
        if (!allowed.has(key)) this.o.entrance.end(id, mark); // also those whom an earlier daemon let in
    }
  }

  /** How to get into a sliver, or why one cannot. */
  view(lease: LeaseRecord): { ssh: SshView | null; noSsh: Reason | null } {
    const kept = this.o.store.get(lease.jti);
    const problem =
      this.problems.get(lease.jti) ??
      this.unable(lease) ??
      (this.entries.get(lease.jti)?.door && kept ? null : 'the sliver does not run');
    const { host } = this.o;
    if (problem !== null || !kept || host === null)
      return {
        ssh: null,
        noSsh: { code: 'NO_WAY_IN', facts: { way: 'ssh', problem: problem ?? 'the sliver does not run' } },
      };
    const { publicKey } = kept.hostKey;
    return {
      ssh: {
        host,
        port: kept.port,
        login: loginOf(lease.slice),
        hostKey: publicKey,
        fingerprint: fingerprintOf(publicKey) ?? '',
      },
      noSsh: null,
    };
  }

  /** Forgets what slivers kept whose lease is over, after a time when nobody was here to do it. */
  forgetAllBut(ids: ReadonlySet<string>): void {
    for (const id of this.o.store.ids()) if (!ids.has(id)) this.o.store.forget(id);
  }

  /** Takes nobody in any more. Who is inside stays, for the daemon that comes next. */
  close(): void {
    this.closed = true;
    for (const id of [...this.entries.keys()]) this.shut(id, false);
    this.room.close();
  }

  private unable(lease: LeaseRecord): string | null {
    const { image } = lease.resources;
    if (!this.o.ports) return 'the owner of the node has switched ssh off';
    if (this.o.host === null) return 'its node is behind a NAT, where nobody can dial it';
    if (!this.o.entrance.hasProgram(image, SSHD)) return `its image ${image} holds no ssh server`;
    if (!this.o.entrance.isOpen(lease.jti)) return 'it was started by an older node manager: stop and start it once';
    return null;
  }

  private async listen(entry: Entry): Promise<void> {
    const { ports, store } = this.o;
    const id = entry.lease.jti;
    const kept = store.get(id);
    const candidates = kept ? [kept.port] : ports ? portOrder(ports, `${this.o.node} ${id}`, store.ports()) : [];
    for (const port of candidates) {
      if (!kept && store.ports().has(port)) continue; // another sliver was quicker
      const door = await Door.open(this.o.listen, port, this.doorOptions(entry));
      if (!door) continue;
      if (this.closed || this.entries.get(id) !== entry) return door.close();
      entry.door = door;
      this.problems.delete(id);
      if (!kept) store.put(id, { port, hostKey: generateHostKey(), sessions: {} });
      this.furnish(entry.lease);
      return;
    }
    if (this.closed || this.entries.get(id) !== entry) return;
    const problem = kept
      ? `its port ${kept.port} is taken by another program on the node`
      : `all ${ports ? ports.to - ports.from + 1 : 0} ports that the node has for ssh are taken`;
    if (this.problems.get(id) !== problem)
      this.o.log.warn({ sliver: id, problem }, 'a sliver cannot be entered by ssh');
    this.problems.set(id, problem);
    entry.retry = setTimeout(() => void this.listen(entry).catch(this.failed), RETRY_MS).unref();
  }

  private doorOptions(entry: Entry) {
    const { entrance, store, log } = this.o;
    const id = entry.lease.jti;
    return {
      limits: this.limits,
      room: this.room,
      unprovenOfNode: () => [...this.entries.values()].reduce((sum, { door }) => sum + (door?.unproven ?? 0), 0),
      serve: (descriptor: number) => {
        this.furnish(entry.lease);
        return entrance.serve(id, sshdCommand(loginOf(entry.lease.slice)), descriptor);
      },
      proven: ({ mark }: { mark: string }, key: string, source: string) => {
        if (!this.fingerprints(entry.lease.slice).has(key)) return false;
        const kept = store.get(id);
        if (kept) store.put(id, { ...kept, sessions: { ...kept.sessions, [mark]: key } });
        log.info({ slice: entry.lease.slice, sliver: id, key, from: source }, 'ssh: logged in');
        return true;
      },
      over: ({ mark }: { mark: string }) => {
        const kept = store.get(id);
        if (!kept?.sessions[mark]) return;
        const { [mark]: _, ...sessions } = kept.sessions;
        store.put(id, { ...kept, sessions });
        log.info({ slice: entry.lease.slice, sliver: id }, 'ssh: left');
      },
      failed: this.failed,
    };
  }

  /** Guests of an earlier daemon: those whose key still counts stay. */
  private endStrangers(lease: LeaseRecord): void {
    const kept = this.o.store.get(lease.jti);
    const inside = new Set(this.o.entrance.guests(lease.jti));
    const allowed = this.fingerprints(lease.slice);
    const staying = Object.entries(kept?.sessions ?? {}).filter(([mark, key]) => inside.has(mark) && allowed.has(key));
    const names = new Set(staying.map(([mark]) => mark));
    for (const mark of inside) if (!names.has(mark)) this.o.entrance.end(lease.jti, mark);
    if (kept) this.o.store.put(lease.jti, { ...kept, sessions: Object.fromEntries(staying) });
  }

  private furnish(lease: LeaseRecord): void {
    const kept = this.o.store.get(lease.jti);
    if (kept && this.o.entrance.isOpen(lease.jti))
      this.o.entrance.furnish(lease.jti, sshdFiles(kept.hostKey, this.o.keys(lease.slice)));
  }

  private fingerprints(slice: string): Set<string> {
    return new Set(this.o.keys(slice).flatMap((line) => fingerprintOf(line) ?? []));
  }

  private readonly failed = (err: unknown) => this.o.log.warn({ err, node: this.o.node }, 'ssh into a sliver failed');
}
