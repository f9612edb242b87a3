/** A part in thousandths, as people say it: "all", "half", "12.5 %". */
export function partOf(shareMilli: number): string {
  if (shareMilli === 1000) return 'all';
  if (shareMilli === 500) return 'half';
  if (shareMilli === 250) return 'a quarter';
  return `${shareMilli / 10} %`;
}

export const PARTS = [1000, 750, 500, 250, 100, 50].map((value) => ({
  value: String(value),
  label: value === 1000 ? 'All that the node delegates to us' : `${value / 10} % of that`,
}));
