import type { ResourceVector } from '@/core/resources/vector';
import type { NetworkNames } from './names';

/** Class ids of slivers begin here; below are the root's and that of everything else. */
const FIRST_CLASS = 0x10;
const ROOT = '1:1';
const OTHERS = '1:2';
const MIN_KBIT = 8;
/**
 * Bytes of a turn for each unit of weight (1 to 1000, by default 100). A turn is never shorter than one packet, and a packet that waits for its
 * segmentation has up to 64 KiB: weights below 44 come out as 44 where such packets come.
 */
const QUANTUM_PER_SHARE = 1500;

/** The last two bytes of a sliver's hardware address are its slot + 2 (addresses.ts). */
const MAC_TO_CLASS = 0x1_0000 + FIRST_CLASS - 2;
/** Where they stand in an Ethernet frame. */
const DESTINATION_END = 4;
const SOURCE_END = 10;

export function classId(slot: number): string {
  return `1:${(slot + FIRST_CLASS).toString(16)}`;
}

/**
 * The two queues of a node (tc-htb): what goes to slivers waits on the bridge, what comes from them on an ifb, to which the ingress of each
 * sliver's interface is redirected. A sliver's class is guaranteed what it reserved and borrows from what is idle up to
 * the node's whole rate, in proportion to its best-effort weight.
 */
export function queueSetup(names: NetworkNames, capacityKbps: number): string[] {
  const whole = `ceil ${capacityKbps}kbit ${bursts(capacityKbps)}`;
  return [
    { device: names.bridge, at: DESTINATION_END },
    { device: names.ifb, at: SOURCE_END },
  ].flatMap(({ device, at }) => [
    `qdisc add dev ${device} root handle 1: htb default 2`,
    `class add dev ${device} parent 1: classid ${ROOT} htb rate ${capacityKbps}kbit ${whole}`,
    `class add dev ${device} parent ${ROOT} classid ${OTHERS} htb rate ${MIN_KBIT}kbit ${whole} quantum 2000`,
    // Classic BPF whose result is the class: load the two bytes, add, return. What finds no class falls to the others'.
    `filter add dev ${device} parent 1: protocol all prio 1 bpf bytecode "3,40 0 0 ${at},4 0 0 ${MAC_TO_CLASS},22 0 0 0"`,
  ]);
}

/** Other bounds for queues that a predecessor made. */
export function queueBounds(names: NetworkNames, capacityKbps: number): string[] {
  return [names.bridge, names.ifb].map(
    (device) =>
      `class change dev ${device} parent 1: classid ${ROOT} htb rate ${capacityKbps}kbit ceil ${capacityKbps}kbit ${bursts(capacityKbps)}`,
  );
}

/** Sends what comes from a sliver through the queue; a frame with another hardware address than its own goes on, to be dropped. */
export function ingressSetup(names: NetworkNames, veth: string, mac: string): string[] {
  return [
    `qdisc add dev ${veth} clsact`,
    `filter add dev ${veth} ingress protocol all prio 1 u32 match ether src ${mac} action mirred egress redirect dev ${names.ifb}`,
  ];
}

/** Sets a sliver's class in the queues of the devices; also in place. */
export function classSetup(
  devices: readonly string[],
  slot: number,
  r: Pick<ResourceVector, 'networkKbps' | 'networkShare'>,
  capacityKbps: number,
): string[] {
  const rate = Math.min(Math.max(r.networkKbps, MIN_KBIT), capacityKbps);
  const quantum = Math.max(1, r.networkShare) * QUANTUM_PER_SHARE;
  return devices.map(
    (device) =>
      `class replace dev ${device} parent ${ROOT} classid ${classId(slot)} htb rate ${rate}kbit ceil ${capacityKbps}kbit ${bursts(capacityKbps)} quantum ${quantum}`,
  );
}

export function classRemoval(devices: readonly string[], slot: number): string[] {
  return devices.map((device) => `class del dev ${device} classid ${classId(slot)}`);
}

/** What may go at once, in bytes: four milliseconds' worth, and never less than a large packet's. */
function bursts(kbps: number): string {
  const bytes = Math.max(4_000, Math.round((kbps * 1000 * 0.004) / 8));
  return `burst ${bytes}b cburst ${bytes}b`;
}
