import type { GrantingPolicy, PolicyKind, SiteQuota } from '@/core/granting/policy';
import { PolicyChoice } from '@/protocol/agent/policy';

/** The form's fields as they are typed. */
export type PolicyDraft = {
  kind: PolicyKind;
  slivers: string;
  cores: string;
  memoryMiB: string;
  /** "lab 50": a site and how many slivers, or its weight, on a line each. */
  siteSlivers: string;
  siteWeights: string;
  weight: string;
  drawMinutes: string;
  waitMinutes: string;
};

const EMPTY: PolicyDraft = {
  kind: 'first-come',
  slivers: '',
  cores: '',
  memoryMiB: '',
  siteSlivers: '',
  siteWeights: '',
  weight: '1',
  drawMinutes: '10',
  waitMinutes: '60',
};

/** The fields that say a policy. */
export function draftOf(policy: PolicyChoice): PolicyDraft {
  const text = (n: number | undefined) => (n === undefined ? '' : String(n));
  switch (policy.kind) {
    case 'first-come':
      return EMPTY;
    case 'fair-share':
      return { ...EMPTY, kind: policy.kind, waitMinutes: text(policy.waitSeconds / 60) };
    case 'quota': {
      const each: SiteQuota = policy.each;
      const sites: Readonly<Record<string, SiteQuota>> = policy.sites;
      return {
        ...EMPTY,
        kind: policy.kind,
        slivers: text(each.slivers),
        cores: text(each.cpuMilli === undefined ? undefined : each.cpuMilli / 1000),
        memoryMiB: text(each.memoryMiB),
        siteSlivers: linesOf(Object.entries(sites).map(([site, { slivers }]) => [site, slivers])),
      };
    }
    case 'lottery':
      return {
        ...EMPTY,
        kind: policy.kind,
        weight: text(policy.weight),
        siteWeights: linesOf(Object.entries(policy.sites)),
        drawMinutes: text(policy.drawSeconds / 60),
        waitMinutes: text(policy.waitSeconds / 60),
      };
  }
}

/** The policy that the fields say, or what is wrong with which. `now`: the agent's present one, of which limits that the form has no field for are kept. */
export function policyOf(
  draft: PolicyDraft,
  now: PolicyChoice,
): { ok: true; policy: PolicyChoice } | { ok: false; field: string; problem: string } {
  const read = PolicyChoice.safeParse(rawOf(draft, now));
  if (read.success) return { ok: true, policy: read.data };
  const issue = read.error.issues[0];
  return { ok: false, field: String(issue?.path[0] ?? 'kind'), problem: issue?.message ?? 'was not understood' };
}

function rawOf(draft: PolicyDraft, now: PolicyChoice): unknown {
  const waitSeconds = number(draft.waitMinutes, 60);
  switch (draft.kind) {
    case 'first-come':
      return { kind: draft.kind };
    case 'fair-share':
      return { kind: draft.kind, waitSeconds };
    case 'quota': {
      const kept: Extract<GrantingPolicy, { kind: 'quota' }> =
        now.kind === 'quota' ? now : { kind: 'quota', each: {}, sites: {} };
      const { slivers: _, cpuMilli: __, memoryMiB: ___, ...others } = kept.each;
      const each = {
        ...others,
        ...given('slivers', draft.slivers),
        ...given('cpuMilli', draft.cores, 1000),
        ...given('memoryMiB', draft.memoryMiB),
      };
      const sites = Object.fromEntries(
        pairs(draft.siteSlivers).map(([site, slivers]) => [site, { ...kept.sites[site], slivers }]),
      );
      return { kind: draft.kind, each, sites };
    }
    case 'lottery':
      return {
        kind: draft.kind,
        weight: number(draft.weight),
        sites: Object.fromEntries(pairs(draft.siteWeights)),
        drawSeconds: number(draft.drawMinutes, 60),
        waitSeconds,
      };
  }
}

function number(text: string, times = 1): number {
  return text.trim() === '' ? Number.NaN : Math.round(Number(text) * times);
}

function given(name: string, text: string, times = 1) {
  return text.trim() === '' ? {} : { [name]: number(text, times) };
}

function pairs(text: string): [string, number][] {
  const lines = text.split('\n').map((line) => line.trim());
  return lines
    .filter((line) => line !== '')
    .map((line) => {
      const [site = '', amount = ''] = line.split(/[\s:=]+(?=\S+$)/);
      return [site, number(amount)];
    });
}

function linesOf(entries: [string, number | undefined][]): string {
  return entries.flatMap(([site, n]) => (n === undefined ? [] : [`${site} ${n}`])).join('\n');
}
