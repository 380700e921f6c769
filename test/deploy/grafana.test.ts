import { describe, expect, test } from 'vitest';
import { at, list, read, type Node } from './files.ts';
import { faultsOf, labelsOfMetric, METRICS, readExpression } from './metrics.ts';

const dashboard = JSON.parse(read('deploy/grafana/dashboard.json')) as Node;
const panels = list(dashboard, 'panels');
const drawn = panels.filter(({ type }) => type !== 'row');
const variables = list(at(dashboard, 'templating'), 'list').map(({ name }) => String(name));

const expressionsOf = (panel: Node): readonly string[] =>
  list(panel, 'targets').map(({ expr }) => String(expr));
const expressions = [
  ...drawn.flatMap(expressionsOf),
  ...list(at(dashboard, 'annotations'), 'list').map(({ expr }) => String(expr)),
];

describe('the dashboard', () => {
  test('asks for metrics and labels that there are', () => {
    expect(expressions.length).toBeGreaterThan(15);
    for (const expression of expressions) {
      expect(readExpression(expression), expression).not.toEqual([]);
      expect(faultsOf(expression), expression).toEqual([]);
    }
  });

  test('shows every metric', () => {
    const shown = new Set(
      expressions.flatMap((expression) => readExpression(expression).map(({ name }) => name)),
    );
    expect([...shown]).toEqual(expect.arrayContaining(Object.keys(METRICS)));
  });

  test('lets people choose the data source and the accounts, and uses the choice everywhere', () => {
    expect(variables).toEqual(['datasource', 'account']);
    const used = read('deploy/grafana/dashboard.json').matchAll(/\$\{?([a-z]\w*)/g);
    for (const [, name = ''] of used) expect(variables).toContain(name);
    for (const panel of drawn) {
      expect(at(panel, 'datasource')).toEqual({ type: 'prometheus', uid: '${datasource}' });
      for (const expression of expressionsOf(panel)) {
        const [metric] = readExpression(expression);
        const isByAccount = labelsOfMetric(metric?.name ?? '').includes('account_id');
        expect(expression.includes('account_id=~"$account"'), expression).toBe(isByAccount);
      }
    }
  });

  test('names its lines by labels that they have', () => {
    for (const target of drawn.flatMap((panel) => list(panel, 'targets'))) {
      const known = readExpression(String(target['expr'])).flatMap(({ name }) =>
        labelsOfMetric(name),
      );
      const told = String(target['legendFormat']).match(/(?<=\{\{)\w+/g) ?? [];
      expect(known).toEqual(expect.arrayContaining(told));
    }
  });

  test('every panel says what it shows, and stands where no other does', () => {
    const ids = panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const taken = new Set<string>();
    for (const panel of panels) {
      expect(panel['title']).toBeTruthy();
      if (panel['type'] !== 'row') expect(panel['description']).toBeTruthy();
      const { x, y, w, h } = at(panel, 'gridPos') as Record<'x' | 'y' | 'w' | 'h', number>;
      expect(x + w).toBeLessThanOrEqual(24);
      for (let cell = 0; cell < w * h; cell++) {
        const place = `${x + (cell % w)}/${y + Math.floor(cell / w)}`;
        expect(taken).not.toContain(place);
        taken.add(place);
      }
    }
  });
});
