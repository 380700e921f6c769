import { inspect } from 'node:util';

/**
 * A secret that cannot be printed by accident: as a string, as JSON and in a debugger's view it reads
 * `[secret]`.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself: for the request's header, and to derive what tells nothing of it. Nothing else takes it. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [inspect.custom](): string {
    return '[secret]';
  }
}

/** Either kind of credentials that the API takes. The token is preferred: it can be limited to Images Read. */
export type Credentials =
  | { readonly kind: 'token'; readonly token: Secret }
  | { readonly kind: 'key'; readonly email: Secret; readonly key: Secret };

/** Everything of the credentials that nobody may see, as it is. */
export function secretsOf(credentials: Credentials): readonly string[] {
  return credentials.kind === 'token'
    ? [credentials.token.reveal()]
    : [credentials.email.reveal(), credentials.key.reveal()];
}
