/** A process of its own that reads an inventory and never finishes: `node holding-reader.ts FILE`, until it is killed. */
import { argv, stdin, stdout } from 'node:process';
import Sqlite from 'better-sqlite3';

const database = new Sqlite(argv[2] ?? '', { readonly: true, timeout: 0 });
database.exec('BEGIN');
const count = database.prepare<[], number>('SELECT count(*) FROM images').pluck();
stdout.write(`${count.get() ?? 0}\n`);
// Asked for each line: what it sees is what it saw.
stdin.on('data', () => void stdout.write(`${count.get() ?? 0}\n`));
