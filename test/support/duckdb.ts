import { createRequire } from 'node:module';

/** A row, whose whole numbers are numbers and whose lists are arrays. */
export type DuckRow = Readonly<Record<string, unknown>>;

/** DuckDB, in this process, reading the machine's files. */
export interface DuckDB {
  readonly ask: (sql: string) => DuckRow[];
  readonly close: () => void;
}

/** So much of the package as is used here; its own types are of another version of Arrow. */
interface Package {
  readonly NODE_RUNTIME: unknown;
  readonly VoidLogger: new () => unknown;
  createDuckDB(bundles: object, logger: unknown, runtime: unknown): Promise<Bindings>;
}
interface Bindings {
  instantiate(onProgress: () => void): Promise<unknown>;
  open(config: object): void;
  connect(): Connection;
}
interface Connection {
  query(sql: string): { toArray(): { toJSON(): object }[] };
  close(): void;
}

/** Starts DuckDB 0.9.1: the last version whose WebAssembly reads Parquet without an extension from the network. */
export async function openDuckDB(): Promise<DuckDB> {
  const require = createRequire(import.meta.url);
  const name = '@duckdb/duckdb-wasm/dist';
  const duckdb = require(`${name}/duckdb-node-blocking.cjs`) as Package;
  const bundle = (kind: string): object => ({
    mainModule: require.resolve(`${name}/duckdb-${kind}.wasm`),
    mainWorker: '',
  });
  const bundles = { mvp: bundle('mvp'), eh: bundle('eh') };
  const bindings = await duckdb.createDuckDB(bundles, new duckdb.VoidLogger(), duckdb.NODE_RUNTIME);
  await bindings.instantiate(() => undefined);
  bindings.open({});
  const connection = bindings.connect();
  return {
    ask: (sql) =>
      connection
        .query(sql)
        .toArray()
        .map((row) => JSON.parse(JSON.stringify(row.toJSON(), plain)) as DuckRow),
    close: () => connection.close(),
  };
}

function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value;
}
