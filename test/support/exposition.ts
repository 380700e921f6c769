/** One line of figures. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric with all its lines. */
export interface Family {
  readonly help: string;
  readonly type: string;
  readonly samples: readonly Sample[];
}

const HELP = /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (\S.*)$/;
const TYPE = /^# TYPE (\S+) (counter|gauge|histogram|summary)$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"(?:,|$)/y;
const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
};

/**
 * Reads Prometheus's text format, version 0.0.4, more strictly than Prometheus does: each metric once, with help and
 * type before its lines, and no line twice.
 *
 * @throws Error naming the line that is wrong.
 */
export function parseExposition(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const families = new Map<string, Family>();
  const seen = new Set<string>();
  const lines = text.split('\n').filter((line) => line !== '');
  for (let at = 0; at < lines.length;) {
    const [, name = '', help = ''] = matched(HELP, lines[at]);
    const [, typed = '', type = ''] = matched(TYPE, lines[at + 1]);
    if (typed !== name || families.has(name)) throw new Error(`a metric is torn apart: ${name}`);
    const samples: Sample[] = [];
    for (at += 2; at < lines.length && !lines[at]?.startsWith('#'); at += 1) {
      const sample = parseSample(lines[at] ?? '');
      const series = sample.name + JSON.stringify(Object.entries(sample.labels).sort());
      const isOwn = (SUFFIXES[type] ?? ['']).some((suffix) => sample.name === name + suffix);
      if (!isOwn || seen.has(series)) throw new Error(`a stray line: ${lines[at] ?? ''}`);
      seen.add(series);
      samples.push(sample);
    }
    families.set(name, { help, type, samples });
  }
  return families;
}

function parseSample(line: string): Sample {
  const [, name = '', labels = '', value = ''] = matched(SAMPLE, line);
  if (!Number.isFinite(Number(value))) throw new Error(`no number: ${line}`);
  return { name, labels: parseLabels(labels), value: Number(value) };
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (let at = 0; at < text.length; at = LABEL.lastIndex) {
    LABEL.lastIndex = at;
    const found = LABEL.exec(text);
    const [, name = '', value = ''] = found ?? [];
    if (found === null || name in labels) throw new Error(`wrong labels: ${text}`);
    labels[name] = value.replace(/\\(.)/g, (_, mark: string) => (mark === 'n' ? '\n' : mark));
  }
  return labels;
}

function matched(pattern: RegExp, line = ''): RegExpExecArray {
  const found = pattern.exec(line);
  if (found === null) throw new Error(`not as it should be: ${line}`);
  return found;
}
