import { at, type Node } from './files.ts';

/** What kind of object it is. */
export const kindOf = ({ kind }: Node): string => String(kind);
/** The name of an object, or of a part that has one. */
export const nameOf = (node: Node): string =>
  String('name' in node ? node['name'] : at(node, 'metadata')['name']);
/** The labels of an object, or of a pod's template. */
export const labelsOf = (node: Node): Node => at(node, 'metadata.labels');

/** The one object of that kind, and of that name if one is given. */
export function find(objects: readonly Node[], kind: string, name?: string): Node {
  const found = objects.find(
    (node) => node['kind'] === kind && (name === undefined || nameOf(node) === name),
  );
  if (found === undefined) throw new Error(`there is no ${kind} ${name ?? ''}`);
  return found;
}
