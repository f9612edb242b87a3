import { z } from 'zod';
import { MAX_LEASE_SECONDS, MAX_TOTAL_SECONDS } from '@/core/lease/term';
import * as c from './common';
import { QuotaMeter } from './slice';

export const Me = z.object({
  person: c.PersonRef.extend({ urn: z.string(), operator: z.boolean() }),
  memberships: z.array(z.object({ site: c.SiteRef, role: c.MemberRole })),
  /** Counts for the top bar's "what needs me". */
  needsMe: z.object({ approvals: z.int(), endingSlices: z.int(), degradedSlices: z.int(), unread: z.int() }),
});
export type Me = z.infer<typeof Me>;

export const NotificationView = z.object({
  id: c.Id,
  kind: z.string(),
  facts: z.record(z.string(), z.unknown()),
  href: z.string(),
  createdAt: z.date(),
  readAt: z.date().nullable(),
});
export type NotificationView = z.infer<typeof NotificationView>;

export const KeyView = z.object({
  id: c.Id,
  name: z.string(),
  type: z.string(),
  fingerprint: z.string(),
  createdAt: z.date(),
});
export type KeyView = z.infer<typeof KeyView>;
export const AddKeyInput = z.object({
  name: z.string().trim().min(1, 'Give the key a name.').max(100),
  publicKey: z.string().trim().min(1, 'Paste a public key.').max(16_384),
});

export const SiteListItem = c.SiteRef.extend({ nodes: z.int(), people: z.int(), slices: z.int(), source: z.string() });
export type SiteListItem = z.infer<typeof SiteListItem>;
export const SiteView = c.SiteRef.extend({
  urn: z.string(),
  city: z.string().nullable(),
  people: z.array(c.PersonRef.extend({ role: c.MemberRole, since: z.date() })),
  invites: z.array(
    z.object({
      id: c.Id,
      email: z.string(),
      role: c.MemberRole.nullable(),
      operator: z.boolean(),
      invitedBy: z.string().nullable(),
      expiresAt: z.date(),
    }),
  ),
  quota: QuotaMeter.nullable(),
  nodes: z.int(),
  may: z.object({ people: z.boolean(), quota: z.boolean() }),
});
export type SiteView = z.infer<typeof SiteView>;

export const QuotaInput = z.object({
  loginBase: c.LoginBase,
  slivers: z.int().min(0).max(1_000_000),
  cpuMilli: z.int().min(0).max(2_000_000_000),
  memoryMiB: z.int().min(0).max(2_000_000_000),
  diskMiB: z.int().min(0).max(2_000_000_000),
  networkKbps: z.int().min(0).max(2_000_000_000),
  maxTermSeconds: z.int().min(3600).max(MAX_LEASE_SECONDS, 'Nodes lease for at most 28 days.'),
  /** How long one slice may last from its first start, with every renewal; left out: it stays as it is. */
  maxTotalSeconds: z.int().min(3600).max(MAX_TOTAL_SECONDS, 'At most 366 days.').optional(),
});
export type QuotaInput = z.infer<typeof QuotaInput>;
export const InviteInput = z.object({
  loginBase: c.LoginBase.nullable(),
  email: z.email('write it like name@example.org').max(254),
  role: c.MemberRole.nullable(),
  operator: z.boolean().default(false),
});
/** The link is shown once, to be sent by whoever invites. */
export const InviteAnswer = z.object({ id: c.Id, link: z.string(), expiresAt: z.date() });
export const AcceptInviteInput = z.object({
  token: z.string().min(20).max(200),
  name: z.string().trim().min(1).max(100),
  password: z.string().min(12, 'At least 12 characters.').max(128),
});
export const InvitePreview = z.object({
  email: z.string(),
  site: c.SiteRef.nullable(),
  role: c.MemberRole.nullable(),
  operator: z.boolean(),
  existingAccount: z.boolean(),
});
export type InvitePreview = z.infer<typeof InvitePreview>;

/**
 * me router: get → Me · notifications → NotificationView[] · markRead {ids} ·
 * keys router: list → KeyView[] · add AddKeyInput → KeyView · remove {id}
 * sites router: list → SiteListItem[] · get {loginBase} → SiteView · setQuota QuotaInput → SiteView · removeMember {loginBase,userId,role} ·
 * invites router: create InviteInput → InviteAnswer · revoke {id} · preview {token} (public) → InvitePreview · accept AcceptInviteInput (public)
 * tokens router (CLI tokens): list · create {name, days} → {token} (shown once) · revoke {id}
 */
