/** A column: its heading, and how a row's cell reads. */
export type Column<Row> = { head: string; cell: (row: Row) => string; right?: boolean };

/** Rows as an aligned table for a terminal; cells that are too long for `width` columns in all are cut in the last column. */
export function table<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  width = process.stdout.columns ?? 120,
): string {
  const cells = [
    columns.map((column) => column.head),
    ...rows.map((row) => columns.map((column) => plain(column.cell(row)))),
  ];
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => (line[index] ?? '').length)));
  return cells.map((line) => lineOf(line, widths, columns, width)).join('\n');
}

function lineOf<Row>(
  line: readonly string[],
  widths: readonly number[],
  columns: readonly Column<Row>[],
  width: number,
): string {
  const text = line
    .map((cell, index) => (columns[index]?.right ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0)))
    .join('  ')
    .trimEnd();
  return text.length > width ? `${text.slice(0, Math.max(1, width - 1))}…` : text;
}

/** What others wrote may hold control characters; a terminal would obey them. */
export function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: taking them out is the point
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
}

/** One JSON document, for programs. */
export function json(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
