import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { object, read, readYaml, ROOT } from './files.ts';
import { METRICS } from './metrics.ts';
import { nameOf } from './objects.ts';
import { VARIABLES } from './variables.ts';

const program = createProgram(() => undefined);
const commands: ReadonlyMap<string, Command> = new Map(
  program.commands.map((command) => [command.name(), command]),
);

/** What the pages call a deployment or a job. */
const NAMES = ['daemon/deployment.yaml', 'once/job.yaml'].map((file) =>
  nameOf(readYaml(`deploy/kubernetes/${file}`)),
);

/** The lines that run the program, in code blocks and in the text: what follows its name. */
function invocationsIn(text: string): readonly (readonly string[])[] {
  const lines = text.matchAll(
    /(?:image-inventory|dist\/cli\/main\.js|run --rm(?: --no-deps)? daemon) ([a-z][^`\n#]*)/g,
  );
  return [...lines].map(([, line = '']) => line.trim().split(/\s+/));
}

describe.for(['deploy/README.md', 'docs/operating.md', 'docs/at-scale.md'])('%s', (page) => {
  const text = read(page);

  test('runs only commands and options that the program has', () => {
    const invocations = invocationsIn(text).filter(([name = '']) => commands.has(name));
    expect(invocations.length).toBeGreaterThan(1);
    for (const [name = '', ...words] of invocations) {
      const known = [program, commands.get(name)].flatMap((command) => command?.options ?? []);
      const options = words.filter((word) => word.startsWith('--'));
      expect(known.map(({ long }) => long)).toEqual(expect.arrayContaining(options));
    }
  });

  test('starts code lines of the program with a command', () => {
    const lines = text.matchAll(/^(?:[A-Z_]+=\S+ )*image-inventory (\S+)/gm);
    for (const [, name = ''] of lines) expect([...commands.keys()]).toContain(name);
  });

  test('names only files of deploy/, services and objects that there are', () => {
    for (const file of text.match(/\bdeploy\/[\w./-]*\w/g) ?? []) {
      expect(existsSync(join(ROOT, file)), file).toBe(true);
    }
    const services = Object.keys(object(readYaml('deploy/compose/compose.yaml'), 'services'));
    const composed = text.matchAll(
      /docker compose (?:exec|run|cp|kill|stop|start)(?: --?[a-z-]+| SIGHUP| sh)* ([a-z]+)/g,
    );
    for (const [, service = ''] of composed) expect(services).toContain(service);
    for (const [, name = ''] of text.matchAll(/\b(?:deployment|job)\/([a-z][a-z-]*)/g)) {
      expect([...NAMES, 'image-inventory-shop']).toContain(name);
    }
  });

  test('names only variables and metrics that there are', () => {
    for (const name of text.match(/\b(?:IMAGE_INVENTORY|CLOUDFLARE)_[A-Z_]*[A-Z]\b/g) ?? []) {
      expect(VARIABLES).toContain(name);
    }
    for (const name of text.match(/\bimage_inventory_\w+/g) ?? []) {
      expect(Object.keys(METRICS)).toContain(name);
    }
  });

  test('links to files, and to headings of its own, that there are', () => {
    const anchors = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    );
    for (const [, target = ''] of text.matchAll(/\]\(([^)]+)\)/g)) {
      const [file = '', anchor] = target.split('#');
      if (file.startsWith('https:')) continue;
      if (file !== '') expect(existsSync(join(ROOT, dirname(page), file)), file).toBe(true);
      else expect(anchors).toContain(anchor);
    }
  });
});
