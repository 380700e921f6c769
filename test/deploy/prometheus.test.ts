import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { promtool } from '../support/promtool.ts';
import { at, list, read, readYaml, ROOT, type Node } from './files.ts';
import {
  faultsOf,
  labelsOfMetric,
  METRICS,
  PROCESS_METRICS,
  readExpression,
  servedMetrics,
} from './metrics.ts';

const FOLDER = 'deploy/prometheus';
const rules = list(readYaml(`${FOLDER}/alerts.yaml`), 'groups').flatMap((group) =>
  list(group, 'rules'),
);
const names = rules.map(({ alert }) => String(alert));

/** The anchors of a document's headings, as GitHub makes them. */
function anchorsOf(file: string): readonly string[] {
  return [...read(file).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

test('the metrics here are those that the program serves', async () => {
  const served = Object.entries(await servedMetrics());
  const own = served.filter(([name]) => name.startsWith('image_inventory_'));
  expect(Object.fromEntries(own)).toEqual(METRICS);
  expect(served.map(([name]) => name)).toEqual(expect.arrayContaining([...PROCESS_METRICS]));
});

describe.for(rules.map((rule) => [String(rule['alert']), rule] as const))('%s', ([name, rule]) => {
  const annotations = at(rule, 'annotations');

  test('asks for metrics and labels that there are', () => {
    const expression = String(rule['expr']);
    expect(readExpression(expression)).not.toEqual([]);
    expect(faultsOf(expression)).toEqual([]);
  });

  test('says how bad it is, what happened and what to do', () => {
    expect(['critical', 'warning', 'info']).toContain(at(rule, 'labels')['severity']);
    expect(Object.keys(annotations).sort()).toEqual(['description', 'runbook_url', 'summary']);
    const [file, anchor] = String(annotations['runbook_url']).split('#');
    expect([file, anchor]).toEqual(['docs/operating.md', name.toLowerCase()]);
    expect(anchorsOf('docs/operating.md')).toContain(anchor);
  });

  test('speaks of labels that its series have', () => {
    const known = readExpression(String(rule['expr'])).flatMap((series) =>
      labelsOfMetric(series.name),
    );
    const told = Object.values(annotations).flatMap(
      (text) => String(text).match(/(?<=\$labels\.)\w+/g) ?? [],
    );
    expect(known).toEqual(expect.arrayContaining(told));
  });

  test('is proved to fire, and not to fire beside it', () => {
    const expected = list(readYaml(`${FOLDER}/alerts.test.yaml`), 'tests')
      .flatMap((unit) => list(unit, 'alert_rule_test'))
      .filter(({ alertname }) => alertname === name)
      .map((unit): readonly Node[] => list(unit, 'exp_alerts'));
    expect(expected.some((alerts) => alerts.length > 0)).toBe(true);
    expect(expected.some((alerts) => alerts.length === 0)).toBe(true);
  });
});

test('no name twice, and docs/operating.md explains none that does not exist', () => {
  expect(names.length).toBeGreaterThan(10);
  expect(new Set(names).size).toBe(names.length);
  const explained = [...read('docs/operating.md').matchAll(/^### (ImageInventory\w+)$/gm)];
  expect(explained.map(([, name]) => name)).toEqual(names);
});

describe('promtool', () => {
  test.for([
    ['check', 'rules', 'alerts.yaml'],
    ['test', 'rules', 'alerts.test.yaml'],
  ])('%s %s %s', (args, { skip }) => {
    if (promtool === undefined) return skip('promtool is not on this machine');
    const { status, stdout, stderr } = spawnSync(promtool, args, {
      cwd: join(ROOT, FOLDER),
      encoding: 'utf8',
    });
    expect({ status, output: status === 0 ? '' : stdout + stderr }).toEqual({
      status: 0,
      output: '',
    });
  });
});
