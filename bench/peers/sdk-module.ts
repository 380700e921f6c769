import { readFileSync } from 'node:fs';

/** What is used of the official SDK. */
interface SdkModule {
  readonly default: new (options: { apiToken: string; baseURL: string }) => {
    get(path: string, options: { query: object }): Promise<unknown>;
  };
}

const NAME = 'cloudflare';

/** Not an import of a literal: the SDK is fetched for the benchmark only, and types are checked without it. */
export function importSdk(name: string = NAME): Promise<SdkModule> {
  return import(name) as Promise<SdkModule>;
}

/** The version of the SDK; `undefined` if it is not installed. */
export function sdkVersion(): string | undefined {
  const file = new URL(`../../node_modules/${NAME}/package.json`, import.meta.url);
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
  } catch {
    return undefined;
  }
}
