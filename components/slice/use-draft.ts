'use client';
import { useCallback, useEffect, useState } from 'react';
import { type Draft, DraftSchema, emptyDraft } from './draft';

const KEY = 'meridian-new-slice';

/** What is typed, kept by this tab until it is sent: a reload, a wrong turn or an error loses nothing. */
export function useDraft(sites: readonly string[]) {
  const [draft, setDraft] = useState<Draft>(() => emptyDraft(sites[0] ?? ''));
  const [restored, setRestored] = useState(false);
  useEffect(() => {
    try {
      const kept = DraftSchema.safeParse(JSON.parse(sessionStorage.getItem(KEY) ?? 'null'));
      if (kept.success && sites.includes(kept.data.site)) setDraft(kept.data);
    } catch {
      // No storage, or not ours: an empty form is fine.
    }
    setRestored(true);
  }, [sites]);
  useEffect(() => {
    if (!restored) return;
    try {
      sessionStorage.setItem(KEY, JSON.stringify(draft));
    } catch {
      // Full or forbidden: the form works without.
    }
  }, [draft, restored]);
  const set = useCallback(
    <K extends keyof Draft>(field: K, value: Draft[K]) => setDraft((d) => ({ ...d, [field]: value })),
    [],
  );
  const forget = useCallback(() => sessionStorage.removeItem(KEY), []);
  return { draft, set, forget, restored };
}
