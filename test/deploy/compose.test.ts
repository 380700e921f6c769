import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { loadConfig } from '../../src/config/load.ts';
import { temporaryFolder } from '../support/folder.ts';
import { list, object, read, readYaml, ROOT, texts, type Node } from './files.ts';
import { IMAGE } from './image.ts';
import { SECRET_VALUES, VARIABLES } from './variables.ts';

const FOLDER = 'deploy/compose';
const compose = readYaml(`${FOLDER}/compose.yaml`);
/** The files that add to it, when `COMPOSE_FILE` names them. */
const ADDITIONS = readdirSync(join(ROOT, FOLDER)).filter((file) =>
  /^compose\..+\.yaml$/.test(file),
);
const services = Object.entries(object(compose, 'services')) as [string, Node][];
const daemon = object(object(compose, 'services'), 'daemon');
const example = parseEnv(read(`${FOLDER}/.env.example`));

/** What the Compose specification knows, as far as it is used here. */
const TOP_KEYS = ['name', 'services', 'volumes', 'secrets', 'networks', 'configs'];
const SERVICE_KEYS = [
  ...['build', 'image', 'command', 'environment', 'secrets', 'volumes', 'ports', 'healthcheck'],
  ...['user', 'read_only', 'tmpfs', 'cap_drop', 'security_opt', 'restart', 'logging'],
  ...['depends_on', 'stop_grace_period', 'mem_limit', 'cpus', 'pids_limit', 'profiles'],
];
const HEALTHCHECK_KEYS = [
  'test',
  'interval',
  'timeout',
  'retries',
  'start_period',
  'start_interval',
];

function parseEnv(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
  );
}

/** Text with `${NAME}`, `${NAME:-default}`, `${NAME?message}` and `${NAME:?message}` as Compose fills them in. */
function interpolate(text: string, env: Record<string, string>): string {
  return text.replace(
    /\$\{(\w+)(:-|:?\?)?([^}]*)\}/g,
    (_, name: string, kind: string | undefined, rest: string) => {
      const value = env[name];
      const isMissing = kind === ':?' ? (value ?? '') === '' : kind === '?' && value === undefined;
      if (isMissing) throw new Error(`${name}: ${rest}`);
      return kind === ':-' && (value ?? '') === '' ? rest : (value ?? '');
    },
  );
}

function environmentOf(service: Node, env: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(object(service, 'environment')).map(([name, value]) => [
      name,
      interpolate(String(value), env),
    ]),
  );
}

describe('compose.yaml', () => {
  test('uses only what the Compose specification knows', () => {
    const keys = Object.keys(compose).filter((key) => !key.startsWith('x-'));
    expect(TOP_KEYS).toEqual(expect.arrayContaining(keys));
    for (const [, service] of services) {
      expect(SERVICE_KEYS).toEqual(expect.arrayContaining(Object.keys(service)));
      const health = Object.keys(object(service, 'healthcheck'));
      expect(HEALTHCHECK_KEYS).toEqual(expect.arrayContaining(health));
    }
  });

  test.for(services)('%s is confined', ([, service]) => {
    expect(service).toMatchObject({
      user: IMAGE.user,
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      restart: 'unless-stopped',
    });
    for (const limit of ['mem_limit', 'cpus', 'pids_limit', 'stop_grace_period']) {
      expect(service[limit], limit).toBeDefined();
    }
  });

  test.for(services)('%s mounts volumes, files and secrets that there are', ([, service]) => {
    for (const mount of texts(service, 'volumes')) {
      const [source = ''] = mount.split(':');
      if (source.startsWith('.')) expect(existsSync(join(ROOT, FOLDER, source))).toBe(true);
      else expect(Object.keys(object(compose, 'volumes'))).toContain(source);
    }
    const secrets = texts(service, 'secrets');
    for (const secret of secrets) expect(object(compose, 'secrets')).toHaveProperty(secret);
    const files = Object.values(object(service, 'environment')).filter((value) =>
      String(value).startsWith('/run/secrets/'),
    );
    expect(files).toEqual(secrets.map((secret) => `/run/secrets/${secret}`));
  });

  test.for(services)('%s waits only for services with a health check', ([, service]) => {
    for (const [other, { condition }] of Object.entries(
      object(service, 'depends_on') as Record<string, Node>,
    )) {
      expect([other, condition]).toEqual(['daemon', 'service_healthy']);
    }
  });

  test('ports are open to this machine alone', () => {
    const ports = services.flatMap(([, service]) => texts(service, 'ports'));
    expect(ports.length).toBeGreaterThan(1);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  test('secrets are files, which git does not take', () => {
    const ignored = read('.gitignore').split('\n');
    expect(ignored).toContain(`${FOLDER}/secrets/`);
    expect(ignored).toContain('.env');
    for (const { file } of Object.values(object(compose, 'secrets') as Record<string, Node>)) {
      expect(file).toMatch(/^\.\/secrets\//);
    }
  });
});

describe('the daemon alone', () => {
  test('is what starts without a profile', () => {
    const always = services.filter(([, service]) => !('profiles' in service));
    expect(always.map(([name]) => name)).toEqual(['daemon']);
    const profiles = services.flatMap(([, service]) => texts(service, 'profiles'));
    expect(example['COMPOSE_PROFILES']).toBe(profiles.join(','));
  });

  test('needs no variable of a service that is not started', () => {
    // Compose fills in the whole file, whatever is started.
    const text = read(`${FOLDER}/compose.yaml`);
    expect(() => interpolate(text, { CLOUDFLARE_ACCOUNT_ID: 'a1' })).not.toThrow();
    expect(() => interpolate(text, {})).toThrow('CLOUDFLARE_ACCOUNT_ID: set it in .env');
  });
});

describe.for(ADDITIONS)('%s', (file) => {
  const addition = readYaml(`${FOLDER}/${file}`);
  const added = object(object(addition, 'services'), 'daemon');
  const environment = environmentOf(added, {
    ...example,
    IMAGE_INVENTORY_WEBHOOK_URL: 'https://hooks.example.com/',
  });

  test('is named where it may be switched on, and adds to the daemon alone', () => {
    expect(read(`${FOLDER}/.env.example`)).toContain(`:${file}`);
    expect(read('deploy/README.md')).toContain(`\`${file}\``);
    expect(Object.keys(addition).sort()).toEqual(['secrets', 'services']);
    expect(Object.keys(object(addition, 'services'))).toEqual(['daemon']);
    // Compose replaces most other members rather than adding to them.
    expect(['environment', 'secrets', 'volumes']).toEqual(
      expect.arrayContaining(Object.keys(added)),
    );
  });

  test('its secrets are files that it names', () => {
    const names = texts(added, 'secrets');
    expect(object(addition, 'secrets')).toEqual(
      Object.fromEntries(names.map((name) => [name, { file: `./secrets/${name}` }])),
    );
    const files = Object.entries(environment).filter(([name]) => name.endsWith('_FILE'));
    expect(files.map(([, path]) => path)).toEqual(names.map((name) => `/run/secrets/${name}`));
  });

  test('its configuration is one that the daemon takes', () => {
    const folder = temporaryFolder();
    const inPlace = (path: string): string =>
      path
        .replace('/run/secrets', folder)
        .replace('/etc/image-inventory', join(ROOT, FOLDER, 'config'));
    for (const name of ['cloudflare_api_token', ...texts(added, 'secrets')]) {
      writeFileSync(join(folder, name), `secret-of-${name}`);
    }
    const env = { ...example, ...(file.includes('accounts') && { CLOUDFLARE_ACCOUNT_ID: '' }) };
    const all = { ...IMAGE.env, ...environmentOf(daemon, env), ...environment };
    const config = loadConfig(
      {},
      Object.fromEntries(Object.entries(all).map(([name, value]) => [name, inPlace(value)])),
    );
    const isWebhook = file.includes('webhook');
    expect(config.webhook()?.secret.reveal()).toBe(
      isWebhook ? 'secret-of-webhook_secret' : undefined,
    );
    const tokens = config
      .accounts()
      .map(({ credentials }) =>
        credentials.kind === 'token' ? credentials.token.reveal() : credentials.kind,
      );
    expect(tokens).toEqual(
      isWebhook
        ? ['secret-of-cloudflare_api_token']
        : ['secret-of-cloudflare_api_token', 'secret-of-archive_api_token'],
    );
    for (const mount of texts(added, 'volumes')) {
      const [source = '', target, mode] = mount.split(':');
      expect(existsSync(join(ROOT, FOLDER, source))).toBe(true);
      expect([target, mode]).toEqual(['/etc/image-inventory', 'ro']);
    }
  });
});

describe('the daemon in compose.yaml', () => {
  test('is the image of the Dockerfile, and a command of the program', () => {
    expect(existsSync(join(ROOT, FOLDER, String(daemon['build']), 'Dockerfile'))).toBe(true);
    const [command] = texts(daemon, 'command');
    const commands = createProgram(() => undefined).commands.map((known) => known.name());
    expect(commands).toContain(command);
    expect(texts(daemon, 'volumes')).toEqual([`inventory:${IMAGE.volume}`]);
    expect(texts(daemon, 'ports')).toEqual([`127.0.0.1:${IMAGE.port}:${IMAGE.port}`]);
  });

  test('sets only variables that exist, and no secret by value', () => {
    for (const name of Object.keys(object(daemon, 'environment'))) {
      expect(VARIABLES).toContain(name);
      expect(SECRET_VALUES).not.toContain(name);
    }
  });

  test.for([
    ['with the example’s .env', example],
    ['with nothing but an account', { CLOUDFLARE_ACCOUNT_ID: 'a1' }],
  ] as const)('its configuration loads, %s', ([, env]) => {
    const { settings } = loadConfig({}, { ...IMAGE.env, ...environmentOf(daemon, env) });
    expect(settings['schedule.full']).toBe('0 * * * *');
    expect(settings['schedule.quick']).toBeUndefined();
  });

  test('an account is asked for when there is none', () => {
    expect(() => environmentOf(daemon, {})).toThrow('CLOUDFLARE_ACCOUNT_ID: set it in .env');
  });

  test('inherits the image’s health check', () => {
    expect(object(daemon, 'healthcheck')).not.toHaveProperty('test');
    expect(IMAGE.healthcheck.join(' ')).toContain('/livez');
  });
});

describe('.env.example', () => {
  test('has every variable of compose.yaml, and no other', () => {
    const text = ['compose.yaml', ...ADDITIONS].map((file) => read(`${FOLDER}/${file}`)).join('\n');
    const used = new Set([...text.matchAll(/\$\{(\w+)/g)].map(([, name]) => name));
    const ofCompose = ['COMPOSE_FILE', 'COMPOSE_PROFILES'];
    expect(Object.keys(example).sort()).toEqual([...used, ...ofCompose].sort());
  });

  test('has the default wherever compose.yaml has one', () => {
    const defaults = read(`${FOLDER}/compose.yaml`).matchAll(/\$\{(\w+):-([^}]*)\}/g);
    for (const [, name = '', fallback] of defaults) {
      // It has none that would do: the example shows an address.
      if (name === 'REPLICA_URL') continue;
      expect([name, example[name]]).toEqual([name, fallback]);
    }
  });
});

describe('litestream.yml', () => {
  const config = readYaml(`${FOLDER}/litestream.yml`);
  const [database, ...others] = list(config, 'dbs');
  /** The keys that Litestream 0.5 knows, of those that may be of use here. */
  const KEYS = {
    top: ['dbs', 'snapshot', 'logging', 'addr', 'levels', 'exec', 'l0-retention'],
    database: [
      ...['path', 'replica', 'busy-timeout', 'monitor-interval', 'checkpoint-interval'],
      ...['min-checkpoint-page-count', 'truncate-page-n', 'meta-path'],
    ],
    replica: [
      'url',
      'endpoint',
      'region',
      'sync-interval',
      'path',
      'bucket',
      'type',
      'force-path-style',
    ],
    snapshot: ['interval', 'retention'],
    logging: ['level', 'type', 'stderr'],
  };

  test('has only keys that Litestream knows', () => {
    const known = (keys: readonly string[], node: Node | undefined): void =>
      expect(keys).toEqual(expect.arrayContaining(Object.keys(node ?? {})));
    known(KEYS.top, config);
    known(KEYS.database, database);
    known(KEYS.replica, object(database, 'replica'));
    known(KEYS.snapshot, object(config, 'snapshot'));
    known(KEYS.logging, object(config, 'logging'));
  });

  test('replicates the inventory, and neither the lock nor what a scan has read', () => {
    expect(database?.['path']).toBe(IMAGE.env['IMAGE_INVENTORY_DB']);
    expect(others).toEqual([]);
  });

  test('uses only variables that compose.yaml gives it', () => {
    const litestream = object(object(compose, 'services'), 'litestream');
    const used = [...read(`${FOLDER}/litestream.yml`).matchAll(/\$\{(\w+)\}/g)].map(
      ([, name]) => name,
    );
    expect(used.length).toBeGreaterThan(2);
    for (const name of used) expect(object(litestream, 'environment')).toHaveProperty(name ?? '');
  });

  test('never blocks the daemon to empty the write-ahead log', () => {
    expect(database?.['truncate-page-n']).toBe(0);
  });
});

test('Datasette opens the file that the daemon writes, live', () => {
  const command = texts(object(object(compose, 'services'), 'datasette'), 'command');
  expect(command).toContain(IMAGE.env['IMAGE_INVENTORY_DB']);
  for (const option of ['-i', '--immutable', '--nolock', '--create']) {
    expect(command).not.toContain(option);
  }
});
