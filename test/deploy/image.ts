import { read } from './files.ts';

const dockerfile = read('Dockerfile');

function instruction(name: string): string {
  const [, value] = new RegExp(`^${name} (.+)$`, 'm').exec(dockerfile) ?? [];
  if (value === undefined) throw new Error(`the Dockerfile has no ${name}`);
  return value;
}

/** What the Dockerfile promises to those who run its image. */
export const IMAGE = {
  /** As `uid:gid`. */
  user: instruction('USER'),
  volume: instruction('VOLUME'),
  port: Number(instruction('EXPOSE')),
  /** The variables that it sets. */
  env: Object.fromEntries(
    [...dockerfile.matchAll(/\b((?:IMAGE_INVENTORY|SQLITE)_\w+)=(\S+)/g)].map(
      ([, name = '', value = '']) => [name, value],
    ),
  ),
  entrypoint: JSON.parse(instruction('ENTRYPOINT')) as readonly string[],
  healthcheck: JSON.parse(
    /^HEALTHCHECK [^[]+CMD (\[.+\])$/m.exec(dockerfile)?.[1] ?? '',
  ) as readonly string[],
};
