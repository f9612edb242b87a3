export const DISK_KINDS = ['project-quota', 'btrfs', 'ext4-image', 'tmpfs', 'plain'] as const;
export type DiskKind = (typeof DISK_KINDS)[number];

/** A sliver's own folder in the node's data, the one in /run, and a number that no other sliver of this host has. */
export type DiskPlace = { at: string; run: string; slot: number };

/**
 * Room for what a sliver writes, of which the kernel gives it so much and no more. Every step is idempotent; those on one sliver
 * never overlap.
 */
export interface DiskLimit {
  readonly kind: DiskKind;
  /** What it costs on this host, for people to read. */
  readonly cost: string;
  /** Makes the room where it is missing, and gives the folder for the overlay's upper and work: to be had until `settle`. */
  open(place: DiskPlace, diskMiB: number): Promise<string>;
  /** The overlay is mounted and holds what it needs. */
  settle(place: DiskPlace): Promise<void>;
  /** Another limit while the sliver runs. @throws Refused DRIVER_UNABLE where the host cannot */
  resize(place: DiskPlace, diskMiB: number): Promise<void>;
  /** Nothing of it is left but plain files below `at`. Only when nothing is mounted on it any more. */
  remove(place: DiskPlace): Promise<void>;
}
