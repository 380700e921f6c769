import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { preProcessFile } from 'typescript';
import { describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SRC = join(ROOT, 'src');

interface Import {
  readonly file: string;
  /** A file of `src`, or the name of a package. */
  readonly target: string;
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
);
const imports: readonly Import[] = files.flatMap((file) =>
  preProcessFile(readFileSync(join(SRC, file), 'utf8')).importedFiles.map(({ fileName }) => ({
    file,
    target: fileName.startsWith('.') ? relative(SRC, join(SRC, dirname(file), fileName)) : fileName,
  })),
);

const roomOf = (file: string): string => file.split('/')[0] ?? '';

/** The table of docs/design.md: a room, what it may import, what it alone touches. */
function readRooms(): Map<string, { mayImport: string[]; alone: string[] }> {
  const text = readFileSync(join(ROOT, 'docs/design.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `src\/(\w+)\/`\s+\|[^|]*\|([^|]*)\|([^|]*)\|$/gm)];
  const names = (cell = ''): string[] =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? '');
  return new Map(
    rows.map(([, room = '', may, alone]) => [room, { mayImport: names(may), alone: names(alone) }]),
  );
}

const rooms = readRooms();

describe('the house is built as docs/design.md draws it', () => {
  test('every room is in the table, and every row is a room', () => {
    expect([...rooms.keys()].sort()).toEqual([...new Set(files.map(roomOf))].sort());
  });

  test('every import between rooms is one that the table allows', () => {
    const strays = imports
      .filter(({ target }) => target.endsWith('.ts'))
      .filter(({ file, target }) => roomOf(file) !== roomOf(target))
      .filter(({ file, target }) => !rooms.get(roomOf(file))?.mayImport.includes(roomOf(target)))
      .map(({ file, target }) => `${file} imports ${target}`);
    expect(strays).toEqual([]);
  });

  test('a package that belongs to one room is imported by no other', () => {
    const owners = [...rooms].flatMap(([room, { alone }]) => alone.map((name) => ({ room, name })));
    expect(owners.length).toBeGreaterThan(5);
    const strays = imports.filter(({ file, target }) => {
      const isOf = (name: string): boolean => target === name || target.startsWith(`${name}/`);
      const owning = owners.filter(({ name }) => isOf(name)).map(({ room }) => room);
      return owning.length > 0 && !owning.includes(roomOf(file));
    });
    expect(strays).toEqual([]);
  });

  test('no import runs in a circle', () => {
    const next = new Map(files.map((file) => [file, [] as string[]]));
    for (const { file, target } of imports) if (next.has(target)) next.get(file)?.push(target);
    const done = new Set<string>();
    const walk = (file: string, path: readonly string[]): void => {
      expect(path, `a circle: ${[...path, file].join(' -> ')}`).not.toContain(file);
      if (done.has(file)) return;
      for (const target of next.get(file) ?? []) walk(target, [...path, file]);
      done.add(file);
    };
    for (const file of files) walk(file, []);
    expect(done.size).toBe(files.length);
  });

  test('only the configuration reads the environment', () => {
    const readers = files.filter((file) =>
      readFileSync(join(SRC, file), 'utf8').includes('process.env'),
    );
    expect(readers.map(roomOf)).toEqual(readers.map(() => 'config'));
    expect(readers.length).toBeGreaterThan(0);
  });
});
