import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseYaml, read, readYaml, ROOT, texts, type Node } from './files.ts';

export const KUBERNETES = 'deploy/kubernetes';

/** The objects that a kustomization names, itself or by way of others; without its patches. */
export function objectsOf(folder: string): readonly Node[] {
  return texts(readYaml(join(folder, 'kustomization.yaml')), 'resources').flatMap((resource) => {
    const path = join(folder, resource);
    return path.endsWith('.yaml') ? parseYaml(read(path)) : objectsOf(path);
  });
}

/** The objects as kubectl renders them; `undefined` on a machine without it. */
export function rendered(folder: string): readonly Node[] | undefined {
  const { error, status, stdout, stderr } = spawnSync('kubectl', ['kustomize', folder], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return undefined;
  if (status !== 0) throw new Error(stderr);
  return parseYaml(stdout);
}
