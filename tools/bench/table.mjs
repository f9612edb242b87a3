// @ts-check

/**
 * @typedef {{ case: string, value: number, unit: string, limit?: number, ratio?: number }} Row
 */

/**
 * Rows as a table for a terminal.
 *
 * @param {Row[]} rows
 */
export function table(rows) {
  const head = ['case', 'value', 'unit', 'limit', 'ratio'];
  const cells = rows.map((row) => [
    row.case,
    amount(row.value),
    row.unit,
    amount(row.limit),
    row.ratio === undefined ? '' : row.ratio.toFixed(2),
  ]);
  const widths = head.map((title, i) => Math.max(title.length, ...cells.map((cell) => (cell[i] ?? '').length)));
  const isNumber = [false, true, false, true, true];
  const line = (/** @type {string[]} */ cell) =>
    cell
      .map((text, i) => (isNumber[i] ? text.padStart(widths[i] ?? 0) : text.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  return [line(head), widths.map((width) => '─'.repeat(width)).join('  '), ...cells.map(line)].join('\n');
}

/** @param {number | undefined} value */
function amount(value) {
  if (value === undefined) return '';
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 3);
}
