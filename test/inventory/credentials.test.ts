import { format, inspect } from 'node:util';
import fc from 'fast-check';
import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { Secret, type Credentials } from '../../src/inventory/credentials.ts';
import { Failure } from '../../src/inventory/failure.ts';

const VALUE = 'cfut_0123456789abcdefghijklmnopqrstuvwxyz';

/** Every way in which a value gets into text, on purpose or not. */
const WAYS: readonly [string, (secret: Secret) => unknown][] = [
  ['String()', (secret) => String(secret)],
  // eslint-disable-next-line @typescript-eslint/restrict-template-expressions -- the mistake that this is about
  ['a template', (secret) => `${secret}`],
  ['joining', (secret) => [secret].join()],
  ['JSON', (secret) => JSON.stringify({ secret })],
  ['inspect', (secret) => inspect({ deep: [secret] }, { depth: null, showHidden: true })],
  ['inspect without its own', (secret) => inspect(secret, { customInspect: false })],
  ['format', (secret) => format('%s %o %O %j', secret, secret, secret, secret)],
  ['its own properties', (secret) => JSON.stringify(Object.getOwnPropertyDescriptors(secret))],
  ['a copy', (secret) => inspect(Object.assign({}, secret))],
  ['a structured clone', (secret) => inspect(structuredClone(secret), { showHidden: true })],
  [
    'an error that carries it',
    (secret) =>
      inspect(Object.assign(new Failure('UNEXPECTED', 'x', { cause: { secret } }), { secret })),
  ],
];

describe('Secret', () => {
  it.each(WAYS)('is not given away by %s', (_way, show) => {
    expect(show(new Secret(VALUE))).not.toContain(VALUE);
  });

  it('is not given away by the log', () => {
    const lines: string[] = [];
    const log = pino({ base: null }, { write: (line: string) => void lines.push(line) });
    const credentials: Credentials = { kind: 'token', token: new Secret(VALUE) };
    log.info({ credentials, err: new Failure('UNEXPECTED', 'x', { cause: credentials }) }, 'x');
    expect(lines.join('')).toContain('[secret]');
    expect(lines.join('')).not.toContain(VALUE);
  });

  it('reads [secret] where a text is asked for', () => {
    const secret = new Secret(VALUE);
    expect(String(secret)).toBe('[secret]');
    expect(JSON.stringify([secret])).toBe('["[secret]"]');
    expect(inspect(secret)).toBe('[secret]');
  });

  it('reveals its value when it is asked to, whatever the value', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        expect(new Secret(value).reveal()).toBe(value);
      }),
    );
  });
});
