'use client';
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { type FormEvent, useEffect, useMemo, useRef, useState } from 'react';
import type { SiteListItem } from '@/protocol/api/people';
import type { SpecCheck } from '@/protocol/api/slice';
import { useFleet } from '../fleet/use-fleet';
import { Refusal } from '../refusal/refusal';
import { refusalOf } from '../refusal/refusal-of';
import { useTRPC } from '../trpc/client';
import { Button } from '../ui/button';
import { Page } from '../ui/page';
import { toast } from '../ui/toast';
import { CheckPanel } from './check-panel';
import { type Draft, type DraftField, defaultImage, type FieldErrors, fieldOf, readDraft, readForCheck } from './draft';
import { NewSliceFields } from './new-slice-fields';
import { problemAtField } from './problem-words';
import { useDraft } from './use-draft';
import { useSettled } from './use-settled';

const SETTLE_MS = 300;
const BY_CODE: Record<string, DraftField> = {
  NAME_TAKEN: 'shortName',
  TERM_TOO_LONG: 'days',
  NOT_ENOUGH_COUNTRIES: 'minCountries',
  NOT_ENOUGH_NODES: 'count',
};

type Site = Pick<SiteListItem, 'loginBase' | 'name'>;

/** The request for a new slice. Says at once what is wrong; keeps what is typed whatever happens. */
export function NewSliceForm({ sites }: { sites: readonly Site[] }) {
  const bases = useMemo(() => sites.map((s) => s.loginBase), [sites]);
  const { draft, set, forget, restored } = useDraft(bases);
  const [touched, setTouched] = useState<ReadonlySet<DraftField>>(new Set());
  const [tried, setTried] = useState(false);
  const [sent, setSent] = useState<Draft | null>(null);
  const form = useRef<HTMLFormElement>(null);
  const router = useRouter();
  const trpc = useTRPC();
  const cache = useQueryClient();
  const fleet = useFleet();
  const images = useQuery(trpc.slices.images.queryOptions());
  // A Debian where there is one; who chose for themselves keeps their choice.
  useEffect(() => {
    if (restored && draft.image === '' && images.data) set('image', defaultImage(images.data));
  }, [restored, draft.image, images.data, set]);

  const read = useMemo(() => readDraft(draft), [draft]);
  const settled = useSettled(draft, SETTLE_MS);
  const spec = useMemo(() => (restored ? readForCheck(settled) : null), [settled, restored]);
  const check = useQuery({
    ...trpc.slices.check.queryOptions(spec ?? readForCheckStandIn),
    enabled: spec !== null,
    placeholderData: keepPreviousData,
    staleTime: 5000,
  });
  // What the server said last, and of which draft: it holds for a field only while that still says the same.
  const [checked, setChecked] = useState<{ of: Draft; problems: SpecCheck['problems'] } | null>(null);
  useEffect(() => {
    if (spec && check.data && !check.isPlaceholderData) setChecked({ of: settled, problems: check.data.problems });
  }, [spec, check.data, check.isPlaceholderData, settled]);
  const request = useMutation(
    trpc.slices.request.mutationOptions({
      onSuccess: ({ name }) => {
        forget();
        void cache.invalidateQueries(trpc.slices.list.pathFilter());
        toast(`Asked for ${name}`, { description: 'A PI of your site decides. You need not wait here.' });
        router.push(`/slices/${name}`);
      },
    }),
  );

  const refusal = refusalOf(request.error);
  const refusedField = refusal ? (fieldOf(String(refusal.facts.field ?? '')) ?? BY_CODE[refusal.code] ?? null) : null;
  const errors = useMemo(() => {
    const shown: FieldErrors = {};
    for (const [field, words] of Object.entries(read.errors) as [DraftField, string][]) {
      if (tried || touched.has(field)) shown[field] = words;
    }
    for (const { field, reason } of (spec && checked?.problems) || []) {
      const at = fieldOf(field);
      if (at && checked?.of[at] !== draft[at]) continue;
      // An empty name is not a mistake yet.
      const empty = (at === 'shortName' || at === 'reason') && draft[at].trim() === '';
      if (at && !(empty && !tried && !touched.has(at))) shown[at] ??= problemAtField(reason);
    }
    if (refusal && refusedField && sent?.[refusedField] === draft[refusedField])
      shown[refusedField] ??= problemAtField(refusal);
    return shown;
  }, [draft, read.errors, tried, touched, spec, checked, refusal, refusedField, sent]);

  function submit(event: FormEvent) {
    event.preventDefault();
    setTried(true);
    setSent(draft);
    if (read.spec) request.mutate(read.spec);
    // The first field with an error takes the focus once its error is drawn.
    else requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
  }

  return (
    <Page
      facts="A PI of your site reads this and decides. You can change your mind until then."
      title="Ask for a slice"
    >
      <form
        className="grid items-start gap-x-12 lg:grid-cols-[minmax(0,1fr)_20rem]"
        noValidate
        onSubmit={submit}
        ref={form}
      >
        <div className="lg:col-start-1">
          <NewSliceFields
            draft={draft}
            errors={errors}
            images={images.data ?? []}
            nodes={fleet.data ?? []}
            onBlur={(field) => setTouched((t) => new Set(t).add(field))}
            set={set}
            sites={sites}
          />
        </div>
        <CheckPanel
          check={spec ? check.data : undefined}
          error={spec ? check.error : null}
          onRetry={() => void check.refetch()}
          stale={check.isPlaceholderData || settled !== draft}
          draft={draft}
        />
        <div className="flex flex-col gap-3 border-line border-t pt-5 lg:col-start-1 lg:pl-[15.5rem]">
          {request.error && !refusedField && <Refusal error={request.error} />}
          {tried && Object.keys(read.errors).length > 0 && (
            <p className="text-danger" role="alert">
              Some of it needs another look: see the marked fields above.
            </p>
          )}
          <div className="flex flex-wrap gap-2">
            <Button busy={request.isPending} disabled={!restored} kind="primary" type="submit">
              Ask for it
            </Button>
            <Button kind="quiet" onClick={() => router.back()}>
              Not now
            </Button>
          </div>
        </div>
      </form>
    </Page>
  );
}

/** Never sent: the query is switched off while the draft cannot be read. */
const readForCheckStandIn = {
  site: 'a',
  shortName: '',
  reason: '',
  count: 1,
  minimum: 1,
  termSeconds: 3600,
  resources: {
    cpuMilli: 1,
    memoryMiB: 1,
    diskMiB: 1,
    networkKbps: 1,
    cpuShare: 1,
    networkShare: 1,
    pidsMax: 16,
    image: 'tiny',
    profile: 'standard',
  },
};
