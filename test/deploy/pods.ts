import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { loadConfig } from '../../src/config/load.ts';
import { temporaryFolder } from '../support/folder.ts';
import { at, list, read, texts, type Node } from './files.ts';
import { IMAGE } from './image.ts';
import { find, nameOf } from './objects.ts';
import { SECRET_VALUES, VARIABLES } from './variables.ts';

const { version } = JSON.parse(read('package.json')) as { version: string };
const COMMANDS = createProgram(() => undefined).commands.map((command) => command.name());
const README = read('deploy/README.md');

/** Everything of a pod that another object, or the image, has to agree with. */
export function checkPod(pod: Node, objects: readonly Node[]): void {
  const spec = at(pod, 'spec');
  const [container, ...others] = list(spec, 'containers');
  expect(others).toEqual([]);
  checkConfinement(spec, container);
  expect(container).toMatchObject({ name: 'image-inventory', image: `image-inventory:${version}` });
  expect(COMMANDS).toContain(texts(container, 'args')[0]);
  expect(container).not.toHaveProperty('command');

  const files = mountedFiles(spec, container, objects);
  const env = environmentOf(container, objects);
  for (const [name, value] of Object.entries(env)) {
    expect(VARIABLES).toContain(name);
    expect(SECRET_VALUES).not.toContain(name);
    if (name.endsWith('_FILE')) expect([...files.keys()]).toContain(value);
  }
  expect(env['CLOUDFLARE_ACCOUNT_ID']).toMatch(/^[\da-f]{32}$/);
  checkConfiguration(env, files);
}

function checkConfinement(spec: Node, container: Node | undefined): void {
  const [uid, gid] = IMAGE.user.split(':').map(Number);
  expect(spec).toMatchObject({
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: uid,
      runAsGroup: gid,
      fsGroup: gid,
      seccompProfile: { type: 'RuntimeDefault' },
    },
  });
  expect(Number(spec['terminationGracePeriodSeconds'])).toBeGreaterThan(5);
  expect(container).toMatchObject({
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    resources: { requests: { cpu: '50m' }, limits: { memory: '768Mi' } },
  });
}

/** The files in a container by their paths, with their text; a secret's is not known. */
function mountedFiles(
  spec: Node,
  container: Node | undefined,
  objects: readonly Node[],
): ReadonlyMap<string, string | undefined> {
  const volumes = list(spec, 'volumes');
  const mounts = list(container, 'volumeMounts');
  expect(mounts.map(nameOf).sort()).toEqual(volumes.map(nameOf).sort());
  const files = new Map<string, string | undefined>();
  for (const volume of volumes) {
    const path = String(mounts.find((mount) => nameOf(mount) === nameOf(volume))?.['mountPath']);
    if ('persistentVolumeClaim' in volume) {
      find(
        objects,
        'PersistentVolumeClaim',
        String(at(volume, 'persistentVolumeClaim')['claimName']),
      );
      expect(path).toBe(IMAGE.volume);
    } else if ('configMap' in volume) {
      const name = String(at(volume, 'configMap')['name']);
      for (const [key, text] of Object.entries(at(find(objects, 'ConfigMap', name), 'data'))) {
        files.set(`${path}/${key}`, String(text));
      }
    } else {
      const { secretName, defaultMode } = at(volume, 'secret');
      const keys = list(at(volume, 'secret'), 'items').map(({ key }) => String(key));
      expect(defaultMode).toBe(0o440);
      for (const key of keys.length > 0 ? keys : ['token']) {
        expectToldSecret(secretName, key);
        files.set(`${path}/${key}`, undefined);
      }
    }
  }
  return files;
}

/** A Secret is nowhere in the files: whoever deploys is told to make it, with this key. */
function expectToldSecret(name: unknown, key: unknown): void {
  const told = README.split('\n').filter((line) =>
    line.includes(`create secret generic ${String(name)} `),
  );
  expect(told.join('\n')).toMatch(new RegExp(`--from-(file|literal)=${String(key)}=`));
}

function environmentOf(
  container: Node | undefined,
  objects: readonly Node[],
): Record<string, string> {
  const maps = list(container, 'envFrom').map(({ configMapRef }) =>
    at(find(objects, 'ConfigMap', String((configMapRef as Node)['name'])), 'data'),
  );
  const own = list(container, 'env').map((variable) => {
    const { name, value } = variable as Readonly<Record<string, string | undefined>>;
    if (value !== undefined) return [name, value];
    const secret = at(variable, 'valueFrom.secretKeyRef');
    expectToldSecret(secret['name'], secret['key']);
    return [name, 'https://hooks.example.com/from-a-secret'];
  });
  return Object.assign({}, ...maps, Object.fromEntries(own)) as Record<string, string>;
}

function checkConfiguration(
  env: Record<string, string>,
  files: ReadonlyMap<string, string | undefined>,
): void {
  const text = files.get(env['IMAGE_INVENTORY_CONFIG'] ?? '');
  expect(text, 'the configuration file').toBeDefined();
  const config = join(temporaryFolder(), 'image-inventory.json');
  writeFileSync(config, text ?? '');
  const { settings } = loadConfig({}, { ...IMAGE.env, ...env, IMAGE_INVENTORY_CONFIG: config });
  expect(settings.database).toBe(`${IMAGE.volume}/inventory.db`);
  expect(settings['http.port']).toBe(IMAGE.port);
}
