import { describe, expect } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { failureOf } from '../inventory/failure-of.ts';
import { it } from './config-directory.ts';

const URL = 'https://hooks.example.com/services/T0/B0/very-secret?key=1';

describe('the webhook', () => {
  it('is none when no address is set', ({ directory }) => {
    const config = directory.config({});
    expect(loadConfig({ config }, { IMAGE_INVENTORY_WEBHOOK_SECRET: 's' }).webhook()).toBe(
      undefined,
    );
  });

  it('has an address, its events and a secret of its own', ({ directory }) => {
    const config = directory.config({ webhook: { url: URL, events: ['held'] } });
    const env = {
      IMAGE_INVENTORY_WEBHOOK_SECRET_FILE: directory.write('secret', 'from-a-file\n'),
      IMAGE_INVENTORY_WEBHOOK_EVENTS: 'failed, recovered',
    };
    const webhook = loadConfig({ config }, env).webhook();
    expect(webhook).toMatchObject({ url: URL, events: ['failed', 'recovered'] });
    expect(webhook?.secret.reveal()).toBe('from-a-file');
    expect(JSON.stringify(webhook)).not.toContain('from-a-file');
  });

  it('is refused without a secret', ({ directory }) => {
    const config = loadConfig({ config: directory.config({ webhook: { url: URL } }) }, {});
    const failure = failureOf(() => config.webhook());
    expect(failure.code).toBe('CONFIG_INVALID');
    expect(failure.message).toContain('IMAGE_INVENTORY_WEBHOOK_SECRET');
  });

  it('never shows its address when that is wrong', ({ directory }) => {
    const config = directory.config({});
    const env = { IMAGE_INVENTORY_WEBHOOK_URL: URL.replace('https', 'http') };
    const failure = failureOf(() => loadConfig({ config }, env));
    expect(`${failure.message} ${failure.hint ?? ''}`).not.toContain('secret');
  });
});
