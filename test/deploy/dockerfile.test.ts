import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { IMAGE } from './image.ts';

/** The exit code of the image's health check beside a daemon whose `/livez` answers with this status. */
async function checkHealth(status: number): Promise<unknown> {
  const asked: (string | undefined)[] = [];
  const server = createServer(({ url }, response) => {
    asked.push(url);
    response.writeHead(status).end();
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const code = await runCheck((server.address() as AddressInfo).port);
  expect(asked).toEqual(['/livez']);
  return code;
}

async function runCheck(port: number): Promise<unknown> {
  const [command, ...args] = IMAGE.healthcheck;
  expect(command).toBe('node');
  const child = spawn(process.execPath, args, {
    env: { IMAGE_INVENTORY_HTTP_PORT: String(port) },
    stdio: 'ignore',
  });
  const [code] = (await once(child, 'close')) as unknown[];
  return code;
}

describe('the image', () => {
  test('serves on the port that it exposes, on every address', () => {
    const { settings } = loadConfig({}, IMAGE.env);
    expect(settings['http.port']).toBe(IMAGE.port);
    expect(settings['http.host']).toBe('0.0.0.0');
  });

  test('keeps the database, and SQLite’s temporary files, on its volume', () => {
    expect(loadConfig({}, IMAGE.env).settings.database).toBe(`${IMAGE.volume}/inventory.db`);
    expect(IMAGE.env['SQLITE_TMPDIR']).toBe(IMAGE.volume);
  });

  test('is healthy while /livez answers', async () => {
    expect(await checkHealth(200)).toBe(0);
  });

  test('is unhealthy when /livez says so, or nobody answers', async () => {
    expect(await checkHealth(503)).toBe(1);
    expect(await runCheck(1)).toBe(1);
  });
});
