import { describe, expect } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { failureOf } from '../inventory/failure-of.ts';
import { it } from './config-directory.ts';

describe('CLOUDFLARE_BASE_URL', () => {
  it.for([
    'https://api.cloudflare.com/client/v4',
    'https://proxy.example.com:8443',
    'http://127.0.0.1:8787/client/v4',
    'http://127.1.2.3/',
    'http://localhost:8787',
    'http://[::1]:8787/client/v4',
  ])('may be %s', (url, { directory }) => {
    const env = { CLOUDFLARE_BASE_URL: url };
    const { settings } = loadConfig({ config: directory.config({}) }, env);
    expect(settings['api.baseUrl']).toBe(url);
  });

  it.for([
    'http://api.cloudflare.com/client/v4',
    'http://127.0.0.1.example.com/',
    'http://localhost.example.com/',
    'http://127.0.0.1@example.com/',
    'http://[::2]/',
    'http://0.0.0.0:8787/',
    'https://api.cloudflare.com/?a=b',
    'https://api.cloudflare.com/#top',
    'https://user@api.cloudflare.com/',
    'user:s3cret@api.cloudflare.com',
    'https://user:s3cret@api.cloudflare.com',
    'https://api.cloudflare.com/?token=s3cret',
    'file:///etc/passwd',
    'api.cloudflare.com',
    '/client/v4',
  ])('may not be %s', (url, { directory }) => {
    const env = { CLOUDFLARE_BASE_URL: url };
    const failure = failureOf(() => loadConfig({ config: directory.config({}) }, env));
    expect(failure.code).toBe('CONFIG_INVALID');
    expect(failure.message).toMatch(/^CLOUDFLARE_BASE_URL is .*: must be an https address/);
    expect(failure.message).not.toContain('s3cret');
  });
});
