import { z } from 'zod';
import { type ImageOffer, SliceSpec } from '@/protocol/api/slice';
import { DEFAULT_RESOURCES } from '@/protocol/resources';

/** The request as it is typed: numbers are text until they are read, so that a field can be empty for a moment. */
export type Draft = {
  site: string;
  shortName: string;
  reason: string;
  count: string;
  minCountries: string;
  onlyCountries: string[];
  maxPerSite: string;
  picked: string[];
  cores: string;
  memoryMiB: string;
  diskMiB: string;
  networkMbps: string;
  image: string;
  days: string;
  /** 'all' = all or nothing */
  tolerance: 'all' | 'some';
  minimum: string;
  substitute: boolean;
  ownManager: boolean;
};

export const emptyDraft = (site: string): Draft => ({
  site,
  shortName: '',
  reason: '',
  count: '10',
  minCountries: '1',
  onlyCountries: [],
  maxPerSite: '',
  picked: [],
  cores: String(DEFAULT_RESOURCES.cpuMilli / 1000),
  memoryMiB: String(DEFAULT_RESOURCES.memoryMiB),
  diskMiB: String(DEFAULT_RESOURCES.diskMiB),
  networkMbps: String(DEFAULT_RESOURCES.networkKbps / 1000),
  image: '',
  days: '14',
  tolerance: 'some',
  minimum: '',
  substitute: true,
  ownManager: false,
});

/** `base` where a real node offers it, else what every node has. */
export const defaultImage = (offers: readonly ImageOffer[]): string =>
  offers.some((offer) => offer.image === 'base' && offer.realNodes > 0) ? 'base' : DEFAULT_RESOURCES.image;

const Text = z.string().max(20_000);
/** A draft kept by the browser: another version of the form may have written it. */
export const DraftSchema: z.ZodType<Draft> = z.object({
  site: Text,
  shortName: Text,
  reason: Text,
  count: Text,
  minCountries: Text,
  onlyCountries: z.array(z.string().length(2)).max(250),
  maxPerSite: Text,
  picked: z.array(z.string().max(256)).max(1000),
  cores: Text,
  memoryMiB: Text,
  diskMiB: Text,
  networkMbps: Text,
  image: z.string().max(128).default(''),
  days: Text,
  tolerance: z.enum(['all', 'some']),
  minimum: Text,
  substitute: z.boolean(),
  ownManager: z.boolean().default(false),
});

/** Fields of the form that can carry an error. */
export type DraftField = keyof Draft;
export type FieldErrors = Partial<Record<DraftField, string>>;

/** Reads "1,500", " 25 ", "0.5"; NaN for anything that is not a number. */
function numberOf(text: string): number {
  const clean = text.replace(/[,\s]/g, '');
  return /^\d+(\.\d+)?$/.test(clean) ? Number(clean) : Number.NaN;
}

/** All slivers: chosen by the broker and picked. NaN while the count is not a number. */
export const totalOf = (draft: Draft): number => numberOf(draft.count || '0') + draft.picked.length;

/** With how few it is still worth having, when nothing is said: four of five. */
export const defaultMinimum = (total: number): number => Math.max(1, Math.ceil(total * 0.8));

/** Where a field of the spec is typed. */
const FIELD_OF: Record<string, DraftField> = {
  site: 'site',
  shortName: 'shortName',
  name: 'shortName',
  reason: 'reason',
  count: 'count',
  picked: 'picked',
  onlyCountries: 'onlyCountries',
  minCountries: 'minCountries',
  maxPerSite: 'maxPerSite',
  'resources.cpuMilli': 'cores',
  'resources.memoryMiB': 'memoryMiB',
  'resources.diskMiB': 'diskMiB',
  'resources.networkKbps': 'networkMbps',
  cpuMilli: 'cores',
  memoryMiB: 'memoryMiB',
  diskMiB: 'diskMiB',
  networkKbps: 'networkMbps',
  'resources.image': 'image',
  image: 'image',
  slivers: 'count',
  termSeconds: 'days',
  minimum: 'minimum',
};

/** The form's field for a field that the server names ("resources.memoryMiB", "picked.3"); null when there is none. */
export function fieldOf(path: string): DraftField | null {
  const known = (name: string) => (Object.hasOwn(FIELD_OF, name) ? FIELD_OF[name] : undefined);
  return known(path) ?? known(path.replace(/\.\d+$/, '')) ?? null;
}

export type Read = { spec: SliceSpec | null; errors: FieldErrors };

/** Zod's wording is for programs; a number that is no number is said so. */
function wordsOf(issue: {
  code: string;
  message: string;
  maximum?: unknown;
  minimum?: unknown;
  origin?: unknown;
}): string {
  if (issue.code === 'invalid_type') return 'Enter a whole number.';
  if (issue.code === 'too_big' && issue.origin !== 'string' && typeof issue.maximum === 'number')
    return `At most ${issue.maximum.toLocaleString('en-US')}.`;
  if (
    issue.code === 'too_small' &&
    issue.origin === 'number' &&
    typeof issue.minimum === 'number' &&
    issue.minimum !== 3600
  )
    return `At least ${issue.minimum}.`;
  return issue.message;
}

/** The spec that the draft says, or what is wrong by field. Amounts are rounded to their unit. */
export function readDraft(draft: Draft): Read {
  const total = totalOf(draft);
  const days = numberOf(draft.days);
  const result = SliceSpec.safeParse({
    site: draft.site,
    shortName: draft.shortName.trim(),
    reason: draft.reason,
    count: numberOf(draft.count || '0'),
    picked: draft.picked,
    onlyCountries: draft.onlyCountries,
    minCountries: numberOf(draft.minCountries || '1'),
    maxPerSite: draft.maxPerSite.trim() === '' ? 1000 : numberOf(draft.maxPerSite),
    resources: {
      ...DEFAULT_RESOURCES,
      cpuMilli: Math.round(numberOf(draft.cores) * 1000),
      memoryMiB: numberOf(draft.memoryMiB),
      diskMiB: numberOf(draft.diskMiB),
      networkKbps: Math.round(numberOf(draft.networkMbps) * 1000),
      image: draft.image || DEFAULT_RESOURCES.image,
    },
    termSeconds: Math.round(days * 86_400),
    minimum:
      draft.tolerance === 'all'
        ? Math.max(total, 1)
        : draft.minimum.trim() === ''
          ? defaultMinimum(total)
          : numberOf(draft.minimum),
    substitute: draft.substitute,
    ownManager: draft.ownManager,
  });
  const errors: FieldErrors = {};
  for (const issue of result.error?.issues ?? []) {
    const field = fieldOf(issue.path.map(String).join('.'));
    if (field) errors[field] ??= field === 'days' && Number.isNaN(days) ? 'Enter a number of days.' : wordsOf(issue);
  }
  if (Number.isNaN(numberOf(draft.cores))) errors.cores = 'Enter a number of cores, for example 0.5.';
  if (Number.isNaN(numberOf(draft.networkMbps))) errors.networkMbps = 'Enter a number, for example 1.';
  if (total === 0) errors.count = 'Ask for at least one node, or pick some below.';
  if (draft.tolerance === 'some' && numberOf(draft.minimum) > total)
    errors.minimum = `You ask for ${total}; the least cannot be more.`;
  const spec = result.success && Object.keys(errors).length === 0 ? result.data : null;
  return { spec, errors };
}

/**
 * The spec for the server's check while name and reason are still being written: null until the amounts can be read. The
 * stand-ins only make it whole; the name's own problems are known here already.
 */
export function readForCheck(draft: Draft): SliceSpec | null {
  const whole = readDraft({ ...draft, reason: 'Still being written.', shortName: draft.shortName.trim() || 'unnamed' });
  const { spec } = whole;
  return spec ? { ...spec, shortName: draft.shortName.trim(), reason: draft.reason.slice(0, 4000) } : null;
}
