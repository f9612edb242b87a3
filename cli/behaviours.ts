import { Refused } from '@/core/errors';

export type Behaviour = 'normal' | 'slow' | 'down' | 'failing';
export type Shares = { slow: number; down: number; failing: number };

/** Shares as given on the command line, each from 0 to 1, together at most 1. @throws Refused INVALID_INPUT */
export function sharesFrom(options: { slow?: string; down?: string; failing?: string }): Shares | null {
  if (options.slow === undefined && options.down === undefined && options.failing === undefined) return null;
  const share = (name: keyof Shares) => {
    const value = Number(options[name] ?? 0);
    if (value >= 0 && value <= 1) return value;
    throw new Refused('INVALID_INPUT', { field: `--${name}`, problem: 'must be a share from 0 to 1, such as 0.05' });
  };
  const shares = { slow: share('slow'), down: share('down'), failing: share('failing') };
  if (shares.slow + shares.down + shares.failing > 1) {
    throw new Refused('INVALID_INPUT', {
      field: '--slow, --down and --failing',
      problem: 'must be at most 1 together',
    });
  }
  return shares;
}

/** A slow node takes a hundred times as long as its line says: 8 s. */
const SLOW_START_MS = 80;

/** Gives each its share of the nodes, spread evenly through the list: the same list gives the same answer. */
export function spread<Line extends { behaviour: Behaviour; startMs: number }>(
  lines: readonly Line[],
  shares: Shares,
): Line[] {
  const due = { down: 0.5, failing: 0.5, slow: 0.5 }; // half: shares are rounded, not cut
  return lines.map((line) => {
    let behaviour: Behaviour = 'normal';
    for (const kind of ['down', 'failing', 'slow'] as const) {
      due[kind] += shares[kind];
      if (behaviour === 'normal' && due[kind] >= 1 - 1e-9) {
        due[kind] -= 1;
        behaviour = kind;
      }
    }
    return { ...line, behaviour, startMs: behaviour === 'slow' ? SLOW_START_MS : line.startMs };
  });
}
