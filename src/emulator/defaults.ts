import type { EmulatedCredentials } from './auth.ts';

/** The account that is emulated unless others are named; the one in Cloudflare's own examples. */
export const EMULATED_ACCOUNT = '023e105f4ecef8ad9ca31a8372d0c353';

/** The credentials that an emulator takes unless it is told others. */
export const EMULATED_CREDENTIALS: EmulatedCredentials = {
  token: 'emulated-token',
  email: 'emulated@example.test',
  key: 'emulated-key',
};
