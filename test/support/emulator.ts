import type { AccountOptions, ApiImage, EmulatedAccount } from '../../src/emulator/account.ts';
import { EMULATED_ACCOUNT, EMULATED_CREDENTIALS } from '../../src/emulator/defaults.ts';
import { Emulator, type EmulatorOptions } from '../../src/emulator/server.ts';

/** The first account of a started emulator; the only one unless the test adds others. */
export const ACCOUNT = EMULATED_ACCOUNT;
/** Its images, below the base URL. */
export const IMAGES = `/accounts/${ACCOUNT}/images/v1`;
export const BEARER = { authorization: `Bearer ${EMULATED_CREDENTIALS.token}` };

interface Note {
  readonly code: number;
  readonly message: string;
}

/** What every JSON answer of the API looks like. */
export interface Envelope {
  readonly success: boolean;
  readonly errors: readonly Note[];
  readonly messages: readonly Note[];
  readonly result: unknown;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Envelope;
}

/** An emulator that serves; `await using` closes it. */
export interface StartedEmulator extends AsyncDisposable {
  readonly emulator: Emulator;
  readonly account: EmulatedAccount;
  readonly baseUrl: string;
  /** Asks for a path below the base URL, with the right token unless `init` has other headers. */
  ask(path: string, init?: RequestInit): Promise<Answer>;
  /** The images of one list answer. @param query - Without the question mark. */
  list(query?: string): Promise<ApiImage[]>;
}

/** Starts an emulator on a free port with one account, of 30 images unless told otherwise; `options.accounts` adds more. */
export async function startEmulator(
  account: Partial<AccountOptions> = {},
  options: Partial<EmulatorOptions> = {},
): Promise<StartedEmulator> {
  const first = { id: ACCOUNT, images: 30, seed: 1, ...account };
  const emulator = new Emulator({
    ...options,
    accounts: [first, ...(options.accounts ?? [])],
  });
  const baseUrl = await emulator.listen();
  const ask = async (path: string, init: RequestInit = {}): Promise<Answer> => {
    const response = await fetch(baseUrl + path, { headers: BEARER, ...init });
    const { status, headers } = response;
    return { status, headers, body: (await response.json()) as Envelope };
  };
  return {
    emulator,
    baseUrl,
    account: emulator.account(first.id),
    ask,
    list: async (query = '') => imagesOf(await ask(`${IMAGES}?${query}`)),
    [Symbol.asyncDispose]: () => emulator.close(),
  };
}

/** The path of one image, its id fully percent-encoded. */
export function imagePath(id: string): string {
  return `${IMAGES}/${encodeURIComponent(id)}`;
}

export function imagesOf({ body }: Answer): ApiImage[] {
  if (!body.success) throw new Error(`no list but ${JSON.stringify(body.errors)}`);
  return (body.result as { images: ApiImage[] }).images;
}

export function idsOf(images: readonly ApiImage[]): string[] {
  return images.map(({ id }) => id);
}

/** Status and error codes of a refusal, as `400 5400`. */
export function refusalOf({ status, body }: Answer): string {
  return [status, ...body.errors.map(({ code }) => code)].join(' ');
}
