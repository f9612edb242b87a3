import { appendFileSync, existsSync, readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { Refused } from '@/core/errors';
import { generateIdentityKey, type IdentityKey, identityKeyFromPem, identityKeyToPem } from '@/protocol/statement/keys';
import { Enrolment, type EnrolmentStore, writeWhole } from '../enrolment/enrolment';

const KeyLine = z.object({ node: z.string(), key: z.string() });

/** The identity keys of a simulated fleet, all in one file, 0600, a line each. */
export class FleetKeys {
  private readonly pems = new Map<string, string>();

  constructor(private readonly path: string) {
    if (!existsSync(path)) return;
    if ((statSync(path).mode & 0o077) !== 0)
      throw new Refused('CERTIFICATE_INVALID', { problem: `${path} can be read by others; run chmod 600 on it` });
    for (const line of wholeLines(path)) {
      const { node, key } = KeyLine.parse(JSON.parse(line));
      this.pems.set(node, key);
    }
  }

  /** The keys of these nodes; those that have none get one, and it is on the disk when this returns. */
  ensure(nodes: readonly string[]): Map<string, IdentityKey> {
    const keys = new Map<string, IdentityKey>();
    let made = false;
    for (const node of nodes) {
      const pem = this.pems.get(node);
      const key = pem ? identityKeyFromPem(pem) : generateIdentityKey();
      keys.set(node, key);
      if (pem) continue;
      this.pems.set(node, identityKeyToPem(key));
      made = true;
    }
    if (made) writeWhole(this.path, [...this.pems].map(([node, key]) => `${JSON.stringify({ node, key })}\n`).join(''));
    return keys;
  }
}

/**
 * The enrolments of a simulated fleet in one file, a line each; the last of a node counts. Not synced line by line: should the host lose power
 * while a fleet enrols, the torn ones need their token again, which the agent takes from the same key.
 */
export class FleetEnrolments implements EnrolmentStore {
  private readonly known = new Map<string, Enrolment>();

  constructor(private readonly path: string) {
    if (existsSync(path)) {
      for (const line of wholeLines(path)) {
        const enrolment = Enrolment.parse(JSON.parse(line));
        this.known.set(enrolment.node, enrolment);
      }
    }
    writeWhole(path, [...this.known.values()].map((e) => `${JSON.stringify(e)}\n`).join(''));
  }

  get(node: string): Enrolment | null {
    return this.known.get(node) ?? null;
  }

  put(enrolment: Enrolment): void {
    appendFileSync(this.path, `${JSON.stringify(enrolment)}\n`, { mode: 0o600 });
    this.known.set(enrolment.node, enrolment);
  }
}

/** Lines that end in a line break: a torn last one is left out. */
function wholeLines(path: string): string[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .filter((line) => line !== '');
}
