import type { z } from 'zod';
import { usable } from '@/core/node/state';
import { firstShort, type HardAmounts, NOTHING } from '@/core/resources/vector';
import type { Advertisement, AdvertisementsInput, AdvertisementsOutput } from '@/protocol/agent/schemas';
import { IMAGES_UNSAID } from '@/protocol/node-manager/images';
import { freeOf, type Issuer } from './issue';
import { type AdvertisedNode, readAdvertised } from './store/advertisements';
import { readClaims } from './store/books';
import { type Held, readDelegations } from './store/delegations';

/** Until when claims are looked at, epoch seconds: all there are. */
const ALWAYS = 4_102_444_800;

/**
 * What is on offer: nodes that can be given slivers now (or all enrolled ones, when asked), each with what is free by the
 * node's own word and by what was delegated and not yet promised, whichever is less. `now`: epoch ms.
 */
export async function advertise(
  issuer: Issuer,
  input: z.infer<typeof AdvertisementsInput>,
  now: number,
): Promise<z.infer<typeof AdvertisementsOutput>> {
  const nodes = await readAdvertised(issuer.pool, input);
  const ids = nodes.map((node) => node.id);
  const [delegations, claims] = await Promise.all([
    readDelegations(issuer.pool, issuer.agentId, ids),
    readClaims(issuer.pool, issuer.agentId, ids, { start: Math.floor(now / 1000), end: ALWAYS }),
  ]);
  const offers = nodes.flatMap((node) => {
    const held = delegations.get(node.id)?.[0];
    if (!input.includeUnusable && !(held && isUsable(node))) return [];
    const ad = advertisement(node, held, claims.get(node.id) ?? NOTHING);
    return input.wants && firstShort(input.wants, ad.free) ? [] : [ad];
  });
  return { at: new Date(now).toISOString(), total: offers.length, advertisements: offers.slice(0, input.limit) };
}

function isUsable(node: AdvertisedNode): boolean {
  const { urn, bootState, adminSwitch, reachability, at } = node;
  return usable({
    node: urn,
    bootState,
    adminSwitch,
    enrolled: true,
    reachability: reachability ?? 'unreachable',
    lastSeen: at?.getTime() ?? null,
  }).ok;
}

function advertisement(node: AdvertisedNode, held: Held | undefined, claimed: HardAmounts): Advertisement {
  return {
    node: node.urn,
    address: node.address ?? '',
    jkt: node.jkt ?? '',
    site: node.site,
    country: node.country,
    capacity: {
      cpuMilli: node.cpuMilli ?? 0,
      memoryMiB: node.memoryMiB ?? 0,
      diskMiB: node.diskMiB ?? 0,
      networkKbps: node.networkKbps ?? 0,
    },
    free: held ? lesser(ownWord(node), freeOf(held, claimed)) : NOTHING,
    slivers: node.slivers ?? 0,
    load1Milli: node.load1Milli,
    lastSeen: node.at?.toISOString() ?? null,
    reachability: node.reachability ?? 'unreachable',
    adminSwitch: node.adminSwitch,
    simulated: node.simulated,
    images: node.images ?? IMAGES_UNSAID,
  };
}

function ownWord(node: AdvertisedNode): HardAmounts {
  return {
    cpuMilli: node.freeCpuMilli ?? 0,
    memoryMiB: node.freeMemoryMiB ?? 0,
    diskMiB: node.freeDiskMiB ?? 0,
    networkKbps: node.freeNetworkKbps ?? 0,
  };
}

function lesser(a: HardAmounts, b: HardAmounts): HardAmounts {
  return {
    cpuMilli: Math.min(a.cpuMilli, b.cpuMilli),
    memoryMiB: Math.min(a.memoryMiB, b.memoryMiB),
    diskMiB: Math.min(a.diskMiB, b.diskMiB),
    networkKbps: Math.min(a.networkKbps, b.networkKbps),
  };
}
