import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { EXIT } from '../src/cli/exit-codes.ts';
import { createProgram } from '../src/cli/program.ts';
import { SETTINGS, type Setting } from '../src/config/settings.ts';
import { FAULT_NAMES } from '../src/emulator/choices.ts';
import { Metrics } from '../src/observe/metrics.ts';
import { parseExposition } from './support/exposition.ts';
import { run } from './support/program.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

const README = read('README.md');
/** A value as the README writes it. */
const code = (value: unknown): string => `\`${JSON.stringify(value).replaceAll('"', '')}\``;
const program = createProgram(() => undefined);
const commands: readonly Command[] = program.commands;

/** The text of one section of the README. */
function section(title: string): string {
  const found = README.split(/^## /m).find((text) => text.startsWith(`${title}\n`));
  if (found === undefined) throw new Error(`the README has no section "${title}"`);
  return found;
}

describe('the README and the program say the same', () => {
  test.for(commands.map((command) => [command.name(), command] as const))(
    'command %s, with every option',
    ([name, command]) => {
      const text = name === 'emulate' ? section('The emulator') : section('Commands');
      expect(section('Commands')).toContain(`\`${name}`);
      for (const { long } of command.options) expect(text).toContain(long);
    },
  );

  test('every global option', () => {
    for (const { long } of program.options) expect(section('Commands')).toContain(long);
  });

  test('no option that the program does not have', () => {
    const known = [program, ...commands].flatMap(({ options }) => options.map(({ long }) => long));
    const told = section('Commands').match(/--[a-z][a-z\d-]+/g) ?? [];
    const emulator = section('The emulator').match(/(?<=`)--[a-z\d-]+/g) ?? [];
    for (const option of [...told, ...emulator]) expect([...known, '--help']).toContain(option);
  });

  test.for(Object.entries<Setting>(SETTINGS))(
    'setting %s: variable, key, default',
    ([key, setting]) => {
      const row = section('Settings')
        .split('\n')
        .find((line) => line.includes(`\`${setting.env}\``));
      expect(row, `a row for ${setting.env}`).toBeDefined();
      expect(row).toContain(`\`${key}\``);
      const fallback = setting.fallback === undefined ? '–' : code(setting.fallback);
      expect(row?.split('|')[3]?.trim()).toBe(fallback);
    },
  );

  test('every exit code, and none that does not exist yet', () => {
    const told = [...section('Commands').matchAll(/^\| ([\d, ]+?)\s*\|/gm)].flatMap(
      ([, codes = '']) => codes.split(',').map(Number),
    );
    expect(told).toEqual([...Object.values(EXIT)].sort((a, b) => a - b));
  });

  test('the test command is the one that CI runs', () => {
    const steps = read('.ci/run').match(/^npm .+$/gm) ?? [];
    expect(steps).toEqual(['npm ci', 'npm test']);
    expect(README).toContain(`\n${steps.join(' && ')} `);
  });

  test('every event of the log', () => {
    const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' });
    const text = sources
      .filter((file) => file.endsWith('.ts') && !file.startsWith('emulator'))
      .map((file) => read(`src/${file}`))
      .join('\n');
    const events = new Set(text.match(/'(sync|request|daemon|webhook)\.[a-z]+'/g));
    for (const [, name = ''] of text.matchAll(/event: ('[a-z]+\.[a-z]+')/g)) events.add(name);
    expect(events.size).toBeGreaterThan(10);
    for (const unlogged of ["'request.finished'", "'daemon.ended'"]) {
      expect(events.delete(unlogged), unlogged).toBe(true);
    }
    for (const key of Object.keys(SETTINGS)) events.delete(`'${key}'`);
    for (const event of events) expect(section('The log')).toContain(event.replaceAll("'", '`'));
  });

  test('every metric, with its labels, and every path', async () => {
    const metrics = new Metrics({
      version: '1',
      now: () => 0,
      requestsLeft: () => 1,
      databaseBytes: () => ({ database: 1, wal: 0 }),
    });
    metrics.addAccount('a', { present: 1, removed: 0 }, 0);
    metrics.setNextRun('a', 0);
    const own = [...parseExposition(await metrics.render())]
      .filter(([name]) => name.startsWith('image_inventory_'))
      .map(([name, { samples }]) => {
        const labels = new Set(samples.flatMap((sample) => Object.keys(sample.labels)));
        labels.delete('le');
        return labels.size === 0 ? `\`${name}\`` : `\`${name}{${[...labels].join()}}\``;
      });
    const told = section('HTTP').match(/(?<=^\| )`image_inventory_[^`]+`/gm);
    expect(told?.sort()).toEqual(own.sort());
    const paths = read('src/http/routes.ts').match(/(?<=\[')\/\w*(?=',)/g) ?? [];
    expect(paths).toHaveLength(4);
    for (const path of paths) expect(section('HTTP')).toContain(`| \`${path}\``);
  });

  test('every table, with its columns', () => {
    const schema = read('test/store/schema.sql');
    const views = [...schema.matchAll(/CREATE VIEW (\w+) AS\n(?!-- Internal)/g)].map(
      ([, name]) => name,
    );
    expect(views.length).toBeGreaterThan(9);
    for (const name of [...views, 'runs', 'changes', 'removed_images']) {
      expect(section('The tables')).toContain(`| \`${name ?? ''}\``);
    }
  });
});

describe('docs/reliability.md', () => {
  const table = read('docs/reliability.md')
    .split('\n')
    .filter((line) => line.startsWith('| '));

  test.for(FAULT_NAMES)('the fault %s has a row', (name) => {
    expect(table.filter((line) => line.split(' | ')[0]?.includes(`\`${name}\``))).not.toEqual([]);
  });

  test('no exit code that the program does not have', () => {
    const faults = table.filter((line) => line.split(' | ').length === 5).slice(1);
    const told = faults.flatMap((line) =>
      line
        .split(' | ')
        .slice(2, 4)
        .flatMap((cell) => cell.match(/\b\d+\b/g) ?? []),
    );
    expect(told.length).toBeGreaterThan(FAULT_NAMES.length);
    for (const exitCode of told) expect(Object.values(EXIT)).toContain(Number(exitCode));
  });
});

test.for([[], ...commands.map((command) => [command.name()])])(
  '%s --help works without configuration, and shows examples',
  async (words) => {
    const { code, stdout, stderr } = await run([...words, '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('Examples:');
    expect(stdout).toContain('--db');
  },
);

test('--version is the package’s', async () => {
  const { version } = JSON.parse(read('package.json')) as { version: string };
  const { code, stdout } = await run(['--version']);
  expect({ code, stdout }).toEqual({ code: 0, stdout: `${version}\n` });
});

describe('the Dockerfile', () => {
  const dockerfile = read('Dockerfile');
  const ignored = read('.dockerignore');

  test('copies only what the build context has', () => {
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(
      ([, files = '']) => files.split(' '),
    );
    expect(copied.length).toBeGreaterThan(5);
    for (const file of copied) expect(ignored).toContain(`!${file}\n`);
  });

  test('names only variables, options and files that exist', () => {
    const { bin } = JSON.parse(read('package.json')) as { bin: Record<string, string> };
    expect(dockerfile).toContain(`/app/${bin['image-inventory'] ?? ''}`);
    const variables = dockerfile.match(/IMAGE_INVENTORY_\w+/g) ?? [];
    const known = Object.values<Setting>(SETTINGS).map(({ env }) => env);
    for (const variable of variables) expect(known).toContain(variable);
    expect(commands.map((command) => command.name())).toEqual(
      expect.arrayContaining(['daemon', 'status']),
    );
  });
});
