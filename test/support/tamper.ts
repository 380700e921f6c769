import { openSync, closeSync, readFileSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import Sqlite from 'better-sqlite3';

/** Something done to a database file behind the program's back. */
export type Tampering = (file: string) => void;

/** Statements, with nothing that SQLite would object to. */
export function statements(sql: string): Tampering {
  return (file) => {
    const database = new Sqlite(file);
    database.pragma('foreign_keys = OFF');
    database.exec(sql);
    database.close();
  };
}

/** Replaces a text wherever it stands in the file, as a failing disk might in one place. */
export function bytes(text: string, by: string): Tampering {
  return (file) => {
    const content = readFileSync(file);
    if (!content.includes(text)) throw new Error(`"${text}" is not in the file`);
    for (let at = content.indexOf(text); at !== -1; at = content.indexOf(text, at + 1)) {
      content.write(by, at);
    }
    writeFileSync(file, content);
  };
}

/** Overwrites the beginning of one page of a table or index, its header and the places of its rows. */
export function page(name: string): Tampering {
  return (file) => {
    const database = new Sqlite(file, { readonly: true });
    const size = Number(database.pragma('page_size', { simple: true }));
    const start = database
      .prepare<[string], number>(
        "SELECT pgoffset FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY pageno DESC LIMIT 1",
      )
      .pluck()
      .get(name);
    database.close();
    if (start === undefined) throw new Error(`${name} has no page`);
    overwrite(file, start, size / 4);
  };
}

export const firstPage: Tampering = (file) => overwrite(file, 0, 4096);

export const half: Tampering = (file) => {
  const pages = Math.floor(readFileSync(file).length / 4096);
  truncateSync(file, Math.floor(pages / 2) * 4096);
};

function overwrite(file: string, start: number, length: number): void {
  const opened = openSync(file, 'r+');
  writeSync(opened, Buffer.alloc(length, 0xa5), 0, length, start);
  closeSync(opened);
}
