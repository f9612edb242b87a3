/** One metric in Prometheus's text format, version 0.0.4. A value of null or NaN is left out. */
export type Family = {
  name: string;
  help: string;
  type: 'counter' | 'gauge';
  samples: readonly { labels?: Readonly<Record<string, string>>; value: number | null }[];
};

/** Families as text, each with its HELP and TYPE; those without a sample are left out. Pure. */
export function exposition(families: readonly Family[]): string {
  let text = '';
  for (const { name, help, type, samples } of families) {
    const known = samples.filter(({ value }) => value !== null && !Number.isNaN(value));
    if (known.length === 0) continue;
    text += `# HELP ${name} ${help.replace(/\\/g, '\\\\').replace(/\n/g, '\\n')}\n# TYPE ${name} ${type}\n`;
    for (const { labels, value } of known) text += `${name}${labelText(labels)} ${value}\n`;
  }
  return text;
}

function labelText(labels: Readonly<Record<string, string>> = {}): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

/** What a label's value may not hold as it is: backslash, quote, line feed; half a surrogate pair is no UTF-8. */
function escaped(value: string): string {
  return value.toWellFormed().replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
}
