import stringWidth from 'fast-string-width';

export type Alignment = 'left' | 'right';

/**
 * Rows as lines whose columns stand under each other, whatever the width of their characters.
 *
 * @param alignments - One for each column; left where it is missing.
 */
export function formatTable(
  rows: readonly (readonly string[])[],
  alignments: readonly Alignment[] = [],
): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => stringWidth(row[column] ?? ''))),
  );
  return rows
    .map((row) =>
      widths
        .map((width, column) => pad(row[column] ?? '', width, alignments[column] ?? 'left'))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function pad(text: string, width: number, alignment: Alignment): string {
  const space = ' '.repeat(Math.max(0, width - stringWidth(text)));
  return alignment === 'right' ? space + text : text + space;
}
