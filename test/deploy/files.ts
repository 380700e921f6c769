import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';

/** The repository's root. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A part of a parsed document; what is not there reads as `undefined`. */
export type Node = Readonly<Record<string, unknown>>;

/** A file of the repository as text. */
export function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

/** Every file under a folder, by its path from the root. */
export function filesIn(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length))
    .sort();
}

/** All documents of a YAML text, as YAML 1.1 with merge keys: what Go's programs read, where 0440 is octal. */
export function parseYaml(text: string): readonly Node[] {
  return parseAllDocuments(text, { version: '1.1', merge: true, uniqueKeys: true }).map(
    (document) => {
      const [error] = [...document.errors, ...document.warnings];
      if (error !== undefined) throw error;
      return document.toJS() as Node;
    },
  );
}

/** The one document of a YAML file. */
export function readYaml(file: string): Node {
  const [document, ...others] = parseYaml(read(file));
  if (document === undefined || others.length > 0) throw new Error(`${file} is not one document`);
  return document;
}

/** A member that is an object; empty when it is not there. */
export function object(node: Node | undefined, key: string): Node {
  const value = node?.[key] ?? {};
  if (typeof value !== 'object' || Array.isArray(value)) throw new Error(`${key} is no object`);
  return value as Node;
}

/** A member that is a list of objects; empty when it is not there. */
export function list(node: Node | undefined, key: string): readonly Node[] {
  return items(node, key) as readonly Node[];
}

/** A member that is a list of texts; empty when it is not there. */
export function texts(node: Node | undefined, key: string): readonly string[] {
  return items(node, key).map(String);
}

function items(node: Node | undefined, key: string): readonly unknown[] {
  const value = node?.[key] ?? [];
  if (!Array.isArray(value)) throw new Error(`${key} is no list`);
  return value;
}

/** A member of an object of objects, by a path such as `spec.template.metadata`. */
export function at(node: Node | undefined, path: string): Node {
  return path.split('.').reduce((inner: Node, key) => object(inner, key), node ?? {});
}
