/** `ok`; `less`: slivers run, with something less; `missing`: no real slivers without it. */
export type Outcome = 'ok' | 'less' | 'missing';

/** One thing that a host can or cannot do. */
export type Finding = {
  /** Short and lasting: what scripts, metrics and pages call it. */
  id: string;
  outcome: Outcome;
  /** What was found, a sentence's worth. */
  found: string;
  /** The command, or the word, that mends it; null where nothing needs mending. */
  mend: string | null;
};

export const ok = (id: string, found: string): Finding => ({ id, outcome: 'ok', found, mend: null });
export const less = (id: string, found: string, mend: string | null = null): Finding => ({
  id,
  outcome: 'less',
  found,
  mend,
});
export const missing = (id: string, found: string, mend: string | null = null): Finding => ({
  id,
  outcome: 'missing',
  found,
  mend,
});

/** The worst of all. */
export function worst(findings: readonly Finding[]): Outcome {
  if (findings.some(({ outcome }) => outcome === 'missing')) return 'missing';
  return findings.some(({ outcome }) => outcome === 'less') ? 'less' : 'ok';
}

/** Exit codes: 0 also where something is less, for a node runs all the same; 69 (EX_UNAVAILABLE) where real slivers cannot. */
export const EXIT = { ok: 0, less: 0, missing: 69 } as const;

const MARK = { ok: '✓ ok', less: '▲ less', missing: '✗ missing' } as const;

/** The findings as a table for a person, with what mends what below each. */
export function report(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ id }) => id.length));
  const lines = findings.flatMap(({ id, outcome, found, mend }) => [
    `${MARK[outcome].padEnd(10)} ${id.padEnd(width)}  ${found}`,
    ...(mend ? [`${' '.repeat(11 + width)}  → ${mend}`] : []),
  ]);
  const count = (wanted: Outcome) => findings.filter(({ outcome }) => outcome === wanted).length;
  const sentence = {
    ok: 'This host can do all that a node can make use of.',
    less: 'Real slivers run on this host, with what is less above.',
    missing: 'This host cannot run real slivers until what is missing above is there.',
  }[worst(findings)];
  return `${lines.join('\n')}\n\n${count('ok')} ok, ${count('less')} less, ${count('missing')} missing. ${sentence}\n`;
}
