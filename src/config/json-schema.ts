import { toJsonSchema } from '@valibot/to-json-schema';
import type { GenericSchema } from 'valibot';
import { ACCOUNTS_SCHEMA } from './file.ts';
import { SETTINGS, type Setting } from './settings.ts';

/** A JSON Schema that describes an object and nothing beside its properties. */
interface ObjectSchema {
  readonly type: 'object';
  readonly properties: Record<string, unknown>;
  readonly additionalProperties: false;
}

/** The JSON Schema (draft 2020-12) of the configuration file, from the same table that the loader reads. */
export function configJsonSchema(): Readonly<Record<string, unknown>> {
  const root = objectSchema();
  root.properties['$schema'] = {
    type: 'string',
    description: 'Where this schema is, for editors.',
  };
  for (const [key, setting] of Object.entries<Setting>(SETTINGS)) {
    const names = key.split('.');
    const name = names.pop() ?? key;
    const parent = names.reduce(section, root);
    parent.properties[name] = {
      description: setting.describe,
      ...withoutDialect(setting.schema),
      ...(setting.fallback === undefined ? {} : { default: setting.fallback }),
    };
  }
  root.properties['accounts'] = {
    description:
      'The accounts to mirror, unless CLOUDFLARE_ACCOUNT_ID names others; --account picks some of them.',
    ...withoutDialect(ACCOUNTS_SCHEMA),
  };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'The configuration file of image-inventory',
    ...root,
  };
}

function objectSchema(): ObjectSchema {
  return { type: 'object', properties: {}, additionalProperties: false };
}

/** The schema of a section within its parent, which gets one if it has none. */
function section(parent: ObjectSchema, name: string): ObjectSchema {
  const known = parent.properties[name] as ObjectSchema | undefined;
  const schema = known ?? objectSchema();
  parent.properties[name] = schema;
  return schema;
}

/** A part of the document, which states its dialect once, at the top. What only code can check is left out of it. */
function withoutDialect(schema: GenericSchema): Record<string, unknown> {
  const part: Record<string, unknown> = {
    ...toJsonSchema(schema, { target: 'draft-2020-12', ignoreActions: ['check'] }),
  };
  delete part['$schema'];
  return part;
}
