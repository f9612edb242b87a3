import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { MAX_AGENTS } from '@/protocol/agent/agents';
import type { EnrolOutput } from '@/protocol/agent/schemas';
import { caFingerprint } from '@/protocol/pki/certificate';
import { PublicJwkSchema } from '@/protocol/statement/schemas';

/** What a node keeps of its enrolment, beside its key. */
export const Enrolment = z.object({
  node: z.string(),
  /** "host:port" under which the node is dialled, as the agent was told. */
  address: z.string(),
  /** The incarnation that was enrolled; its journal must still be there. */
  incarnation: z.string(),
  certificatePem: z.string(),
  caPem: z.string(),
  /** Whom the node calls. */
  agent: z.object({ urn: z.string(), address: z.string(), publicKey: PublicJwkSchema }),
  /** The deployment's agents, whom it may call when that one is away. */
  agents: z
    .array(z.object({ urn: z.string(), address: z.string(), publicKey: PublicJwkSchema }))
    .max(MAX_AGENTS)
    .default([]),
  serviceManager: z.object({ urn: z.string(), jkt: z.string() }),
});
export type Enrolment = z.infer<typeof Enrolment>;

/** Where enrolments are kept: a file for one node, a table for a simulator's many. */
export interface EnrolmentStore {
  get(node: string): Enrolment | null;
  put(enrolment: Enrolment): void;
}

export function enrolmentFrom(
  node: string,
  address: string,
  incarnation: string,
  answer: z.infer<typeof EnrolOutput>,
): Enrolment {
  const { certificate, ca, agent, serviceManager } = answer;
  return { node, address, incarnation, certificatePem: certificate, caPem: ca, agent, agents: [], serviceManager };
}

/** The fingerprint by which the node goes on pinning its deployment's CA. */
export function pinOf(enrolment: Enrolment): string {
  return caFingerprint(enrolment.caPem);
}

/** One node's enrolment in one file, 0600, replaced whole. */
export function enrolmentFile(path: string): EnrolmentStore {
  let known: Enrolment | null = existsSync(path) ? Enrolment.parse(JSON.parse(readFileSync(path, 'utf8'))) : null;
  return {
    get: (node) => (known?.node === node ? known : null),
    put: (enrolment) => {
      writeWhole(path, `${JSON.stringify(enrolment, null, 2)}\n`);
      known = enrolment;
    },
  };
}

/** Writes a file that appears whole or not at all, readable by its owner only. */
export function writeWhole(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const fd = openSync(`${path}.new`, 'w', 0o600);
  try {
    writeFileSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(`${path}.new`, path);
}

/** Which node the file is of; null when there is none. */
export function nodeUrnIn(path: string): string | null {
  return existsSync(path) ? Enrolment.parse(JSON.parse(readFileSync(path, 'utf8'))).node : null;
}
