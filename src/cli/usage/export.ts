import { Option, type Command } from 'commander';
import { FORMATS } from '../../export/encoding.ts';
import { examples } from '../arguments.ts';
import type { ExportOptions } from '../export-order.ts';
import { flagsOf, type Choose } from './choice.ts';

/** What `export` takes. */
export function addExport(program: Command, choose: Choose): void {
  program
    .command('export')
    .description('the inventory, as it is or as it was, as CSV, JSON Lines or Parquet')
    .addOption(
      new Option('--format <format>', "by the output's name; otherwise csv").choices(FORMATS),
    )
    .option(
      '--output <file>',
      'a file or s3://BUCKET/KEY; appears whole or not at all; .gz and .zst compress (default: stdout)',
    )
    .option(
      '--as-of <moment>',
      'a run, "previous", a time (2026-01-31T16:00Z), or 2d for so long ago',
    )
    .option('--removed', 'the images that are gone, with the run and the time of their removal')
    .option('--columns <list>', 'only these columns, in this order, separated by commas')
    .option('--where <expression>', 'only images for which this SQL expression is true')
    .option(
      '--safe',
      "a ' before text that a spreadsheet would run as a formula (default: if the output is a .csv file)",
    )
    .option('--no-safe', 'text as it is, in .csv files as well')
    .option(
      '--partition <columns>',
      'account_id,run: adds what is new to a dataset of Parquet files below the output, a folder or s3://BUCKET/PREFIX',
    )
    .addHelpText(
      'after',
      examples(
        ['image-inventory export --output images.csv', 'for a spreadsheet'],
        ['image-inventory export --format jsonl | jq -r .filename', 'one image a line'],
        ['image-inventory export --output images.parquet', 'for DuckDB, Spark, pandas'],
        ['image-inventory export --as-of 2d --output images.jsonl.gz', 'as it was'],
        [
          'image-inventory export --partition account_id,run --output s3://bucket/fleet',
          'for a fleet',
        ],
        ['image-inventory export --where "creator IS NULL" --columns id,uploaded', 'a part'],
      ),
    )
    .action((options: ExportOptions, command: Command) =>
      choose(async () => (await import('../export.ts')).exportCommand(flagsOf(command), options)),
    );
}
