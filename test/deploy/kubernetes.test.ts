import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { loadConfig } from '../../src/config/load.ts';
import {
  at,
  filesIn,
  list,
  object,
  parseYaml,
  read,
  readYaml,
  ROOT,
  texts,
  type Node,
} from './files.ts';
import { IMAGE } from './image.ts';
import { KUBERNETES, objectsOf, rendered } from './kustomize.ts';
import { find, kindOf, labelsOf, nameOf } from './objects.ts';
import { checkPod } from './pods.ts';

const README = read('deploy/README.md');
const ACCOUNTS = readdirSync(join(ROOT, KUBERNETES, 'accounts'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

const API_VERSIONS: Readonly<Record<string, string>> = {
  Component: 'kustomize.config.k8s.io/v1alpha1',
  ConfigMap: 'v1',
  CronJob: 'batch/v1',
  Deployment: 'apps/v1',
  Job: 'batch/v1',
  Kustomization: 'kustomize.config.k8s.io/v1beta1',
  NetworkPolicy: 'networking.k8s.io/v1',
  PersistentVolumeClaim: 'v1',
  PrometheusRule: 'monitoring.coreos.com/v1',
  Service: 'v1',
  ServiceMonitor: 'monitoring.coreos.com/v1',
};

/** The pod that an object makes; `undefined` if it makes none. */
function podOf(node: Node): Node | undefined {
  if (node['kind'] === 'Deployment' || node['kind'] === 'Job') return at(node, 'spec.template');
  return node['kind'] === 'CronJob' ? at(node, 'spec.jobTemplate.spec.template') : undefined;
}

function checkDeployment(deployment: Node): void {
  const { settings } = loadConfig({}, {});
  const spec = at(deployment, 'spec');
  expect(spec).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } });
  expect(spec['progressDeadlineSeconds']).toBeGreaterThan(settings['api.deadlineSeconds']);
  const pod = at(spec, 'template');
  expect(labelsOf(pod)).toMatchObject(at(spec, 'selector.matchLabels'));
  const [container] = list(at(pod, 'spec'), 'containers');
  expect(list(container, 'ports')).toEqual([{ name: 'http', containerPort: IMAGE.port }]);
  const probe = (name: string): Node => at(container, `${name}.httpGet`);
  expect(probe('startupProbe')).toEqual({ path: '/livez', port: 'http' });
  expect(probe('livenessProbe')).toEqual({ path: '/livez', port: 'http' });
  expect(probe('readinessProbe')).toEqual({ path: '/readyz', port: 'http' });
}

function checkService(service: Node, objects: readonly Node[]): void {
  const pods = objects
    .filter(({ kind }) => kind === 'Deployment')
    .map((node) => at(node, 'spec.template'));
  const selector = Object.entries(at(service, 'spec.selector'));
  const chosen = pods.filter((pod) =>
    selector.every(([label, value]) => labelsOf(pod)[label] === value),
  );
  expect(chosen).toHaveLength(1);
  const [container] = list(at(chosen[0], 'spec'), 'containers');
  const [port] = list(at(service, 'spec'), 'ports');
  expect(list(container, 'ports').map(nameOf)).toContain(port?.['targetPort']);
  expect(port?.['port']).toBe(IMAGE.port);
  expect(at(service, 'metadata.annotations')).toEqual({
    'prometheus.io/scrape': 'true',
    'prometheus.io/port': String(IMAGE.port),
    'prometheus.io/path': '/metrics',
  });
}

function checkNetworkPolicy(policy: Node, objects: readonly Node[]): void {
  const pod = at(find(objects, 'Deployment'), 'spec.template');
  expect(labelsOf(pod)).toMatchObject(at(policy, 'spec.podSelector.matchLabels'));
  const [container] = list(at(pod, 'spec'), 'containers');
  const [rule, ...others] = list(at(policy, 'spec'), 'ingress');
  expect(others).toEqual([]);
  expect(list(rule, 'from')).toHaveLength(1);
  const open = list(rule, 'ports').map(({ port }) => port);
  expect(open).toEqual(list(container, 'ports').map(nameOf));
}

function checkCronJob(cronJob: Node): void {
  const { settings } = loadConfig(
    {},
    { IMAGE_INVENTORY_SCHEDULE: String(at(cronJob, 'spec')['schedule']) },
  );
  expect(at(cronJob, 'spec')['concurrencyPolicy']).toBe('Forbid');
  const job = at(cronJob, 'spec.jobTemplate.spec');
  expect(job['activeDeadlineSeconds']).toBeGreaterThan(settings['api.deadlineSeconds']);
  const pod = at(job, 'template.spec');
  // Without it Kubernetes accepts no podFailurePolicy.
  expect(pod['restartPolicy']).toBe('Never');
  const [exits] = list(at(job, 'podFailurePolicy'), 'rules').map((rule) =>
    object(rule, 'onExitCodes'),
  );
  expect(list(pod, 'containers').map(nameOf)).toContain(exits?.['containerName']);
  expect(exits?.['values']).toEqual([EXIT.usage, EXIT.held, EXIT.refused, EXIT.rateLimited]);
}

function checkObjects(objects: readonly Node[]): void {
  const names = objects.map((node) => `${kindOf(node)} ${nameOf(node)}`);
  expect(new Set(names).size).toBe(names.length);
  for (const node of objects) {
    expect(node['apiVersion'], kindOf(node)).toBe(API_VERSIONS[kindOf(node)]);
    expect(labelsOf(node)).toMatchObject({ 'app.kubernetes.io/name': 'image-inventory' });
    const pod = podOf(node);
    if (pod !== undefined) checkPod(pod, objects);
    if (node['kind'] === 'Deployment') checkDeployment(node);
    if (node['kind'] === 'CronJob') checkCronJob(node);
    if (node['kind'] === 'Service') checkService(node, objects);
    if (node['kind'] === 'NetworkPolicy') checkNetworkPolicy(node, objects);
  }
}

test('every file is YAML of a known kind, and part of a kustomization or named in the README', () => {
  const files = filesIn(KUBERNETES);
  expect(files.length).toBeGreaterThan(10);
  for (const file of files) {
    const node = readYaml(file);
    expect(node['apiVersion'], file).toBe(API_VERSIONS[kindOf(node)]);
    if (node['kind'] === 'Kustomization' || node['kind'] === 'Component') continue;
    const folder = file.slice(0, file.lastIndexOf('/'));
    const name = file.slice(folder.length + 1);
    const isNamed =
      files.includes(`${folder}/kustomization.yaml`) &&
      texts(readYaml(`${folder}/kustomization.yaml`), 'resources').includes(name);
    expect(isNamed || README.includes(file.replace('deploy/', '')), file).toBe(true);
  }
});

describe.for(['daemon', 'cronjob'])('kubernetes/%s', (name) => {
  test('its objects fit each other, the image and the program', () => {
    const objects = objectsOf(`${KUBERNETES}/${name}`);
    expect(objects.length).toBeGreaterThan(3);
    checkObjects(objects);
  });
});

describe.for([...['daemon', 'cronjob', 'accounts'], ...ACCOUNTS.map((name) => `accounts/${name}`)])(
  'kubernetes/%s, rendered',
  (name) => {
    test('its objects fit each other, the image and the program', ({ skip }) => {
      const objects = rendered(`${KUBERNETES}/${name}`);
      if (objects === undefined) return skip('kubectl is not on this machine');
      expect(objects.length).toBeGreaterThan(3);
      checkObjects(objects);
    });
  },
);

describe('the components', () => {
  const folder = `${KUBERNETES}/components`;
  const names = readdirSync(join(ROOT, folder)).toSorted();

  test('are named where they may be switched on, and in the README', () => {
    const told = [...read(`${KUBERNETES}/daemon/kustomization.yaml`).matchAll(/^# {3}- (\S+)$/gm)];
    expect(told.map(([, path]) => path)).toEqual(names.map((name) => `../components/${name}`));
    for (const name of names) expect(README).toContain(`kubernetes/components/${name}`);
  });

  test('fit the daemon, and the fleet’s names', ({ skip }) => {
    const overlay = mkdtempSync(join(tmpdir(), 'image-inventory-'));
    onTestFinished(() => rmSync(overlay, { recursive: true }));
    const path = (target: string): string => relative(overlay, join(ROOT, KUBERNETES, target));
    writeFileSync(
      join(overlay, 'kustomization.yaml'),
      JSON.stringify({
        apiVersion: API_VERSIONS['Kustomization'],
        kind: 'Kustomization',
        resources: [path('daemon')],
        components: names.map((name) => path(`components/${name}`)),
        nameSuffix: '-shop',
        labels: [{ pairs: { 'app.kubernetes.io/instance': 'shop' }, includeSelectors: true }],
      }),
    );
    const objects = rendered(overlay);
    if (objects === undefined) return skip('kubectl is not on this machine');
    expect(objects.map(kindOf)).toContain('NetworkPolicy');
    const pod = at(find(objects, 'Deployment'), 'spec.template.spec');
    expect(list(pod, 'volumes').map(nameOf)).toContain('webhook');
    checkObjects(objects);
  });
});

test('the job for one command fits what the daemon leaves, and runs beside no Service', () => {
  const job = readYaml(`${KUBERNETES}/once/job.yaml`);
  const objects = objectsOf(`${KUBERNETES}/daemon`);
  checkObjects([...objects.filter(({ kind }) => kind !== 'Deployment' && kind !== 'Service'), job]);
  const pod = at(job, 'spec.template');
  expect(at(find(objects, 'Service'), 'spec.selector')).not.toMatchObject(labelsOf(pod));
  // All but the command is the cron job's.
  const twin = at(
    find(objectsOf(`${KUBERNETES}/cronjob`), 'CronJob'),
    'spec.jobTemplate.spec.template',
  );
  const [container, other] = [pod, twin].map((each) => list(at(each, 'spec'), 'containers')[0]);
  expect({ ...container, args: [] }).toEqual({ ...other, args: [] });
  expect({ ...at(pod, 'spec'), containers: [] }).toEqual({ ...at(twin, 'spec'), containers: [] });
  // docs/operating.md replaces this line to make the pod wait.
  expect(read(`${KUBERNETES}/once/job.yaml`).match(/^ *args: .*$/gm)).toHaveLength(1);
});

test('the PrometheusRule has the groups of the rule file', () => {
  const rule = readYaml(`${KUBERNETES}/monitoring/prometheusrule.yaml`);
  const groups = list(at(rule, 'spec'), 'groups');
  expect(groups).not.toEqual([]);
  expect(groups).toEqual(list(readYaml('deploy/prometheus/alerts.yaml'), 'groups'));
});

describe('the fleet', () => {
  const kustomization = (name: string): Node =>
    readYaml(`${KUBERNETES}/accounts/${name}/kustomization.yaml`);

  /** The patches of an account's kustomization. */
  const patches = (name: string): readonly Node[] =>
    list(kustomization(name), 'patches').flatMap(({ patch }) => parseYaml(String(patch)));

  test('has every account once', () => {
    expect(ACCOUNTS.length).toBeGreaterThan(1);
    expect(texts(readYaml(`${KUBERNETES}/accounts/kustomization.yaml`), 'resources')).toEqual(
      ACCOUNTS.toSorted(),
    );
    const ids = ACCOUNTS.map(
      (name) => at(find(patches(name), 'ConfigMap'), 'data')['CLOUDFLARE_ACCOUNT_ID'],
    );
    expect(new Set(ids).size).toBe(ACCOUNTS.length);
  });

  test.for(ACCOUNTS)('%s has names, labels and a Secret of its own', (name) => {
    expect(kustomization(name)).toMatchObject({
      resources: ['../../daemon'],
      nameSuffix: `-${name}`,
      labels: [{ pairs: { 'app.kubernetes.io/instance': name }, includeSelectors: true }],
    });
    const spec = at(find(patches(name), 'Deployment'), 'spec.template.spec');
    expect(list(spec, 'volumes')).toEqual([
      { name: 'token', secret: { secretName: `image-inventory-token-${name}` } },
    ]);
  });

  test.for(ACCOUNTS)('%s patches only what the daemon has', (name) => {
    const objects = objectsOf(`${KUBERNETES}/daemon`);
    for (const patch of patches(name)) {
      const target = find(objects, kindOf(patch), nameOf(patch));
      for (const key of Object.keys(at(patch, 'data')))
        expect(at(target, 'data')).toHaveProperty(key);
      const volumes = list(at(target, 'spec.template.spec'), 'volumes').map(nameOf);
      const patched = list(at(patch, 'spec.template.spec'), 'volumes').map(nameOf);
      expect(volumes).toEqual(expect.arrayContaining(patched));
    }
  });
});

test('the ServiceMonitor finds the Service', () => {
  const monitor = readYaml(`${KUBERNETES}/monitoring/servicemonitor.yaml`);
  const service = find(objectsOf(`${KUBERNETES}/daemon`), 'Service');
  expect(labelsOf(service)).toMatchObject(at(monitor, 'spec.selector.matchLabels'));
  expect(Object.keys(labelsOf(service))).toContain(at(monitor, 'spec')['jobLabel']);
  const ports = list(at(service, 'spec'), 'ports').map(nameOf);
  for (const { port, path } of list(at(monitor, 'spec'), 'endpoints')) {
    expect(ports).toContain(port);
    expect(path).toBe('/metrics');
  }
});
