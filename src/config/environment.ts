import { readFileSync } from 'node:fs';
import { Secret } from '../inventory/credentials.ts';
import { Failure } from '../inventory/failure.ts';

/** The environment as the loader sees it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A variable's value; one that is set but empty counts as not set. */
export function variable(env: Environment, name: string): string | undefined {
  const value = env[name];
  return value === '' ? undefined : value;
}

/**
 * A secret from the variable `NAME`, or from the file that `NAME_FILE` names.
 *
 * @throws Failure `CONFIG_INVALID` if both are set, the file cannot be read, or the value cannot be sent in a header.
 */
export function secretVariable(env: Environment, name: string | undefined): Secret | undefined {
  if (name === undefined) return undefined;
  const inline = variable(env, name);
  const file = variable(env, `${name}_FILE`);
  if (inline !== undefined && file !== undefined) {
    throw new Failure('CONFIG_INVALID', `both ${name} and ${name}_FILE are set`, {
      hint: 'Unset one of them.',
    });
  }
  const value = file === undefined ? inline : readSecret(`${name}_FILE`, file);
  if (value === undefined) return undefined;
  // Anything else would break out of the header, or into the error that quotes it.
  if (!/^[\x21-\x7e]+$/.test(value) || isQuoted(value)) {
    const source = file === undefined ? name : `the file that ${name}_FILE names`;
    const problem =
      value === ''
        ? 'is empty'
        : 'holds a value with quotes, spaces or other characters that no credential has';
    throw new Failure('CONFIG_INVALID', `${source} ${problem}`, {
      hint: 'Copy the value again, without quotes and line breaks.',
    });
  }
  return new Secret(value);
}

/** Whoever reads a file of variables without a shell, as Docker does, takes the quotes for a part of the value. */
function isQuoted(value: string): boolean {
  return /^(["']).*\1$/.test(value);
}

function readSecret(name: string, file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    // The error's own words hold the path, which by mistake may be the secret itself.
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new Failure('CONFIG_INVALID', `${name} names a file that cannot be read: ${code}`, {
      hint: 'It must hold the path of a file with the secret. Check the path and its permissions.',
    });
  }
}
