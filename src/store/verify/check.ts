import Sqlite from 'better-sqlite3';
import { messageOf } from '../../inventory/failure.ts';
import { formatCount } from '../../inventory/quantity.ts';

/** Something that is not as it should be. */
export interface Finding {
  readonly problem: string;
  readonly accountId?: string;
  readonly runId?: number;
  readonly imageId?: string;
}

/** What one check came to. */
export interface CheckResult {
  readonly name: string;
  /** What was looked at. */
  readonly checked: string;
  readonly findings: readonly Finding[];
  /** Findings beyond those. */
  readonly unlisted: number;
}

/** A damaged file can hold more faults than anybody reads. */
const LISTED = 20;

/** One check under way: it collects what it finds. */
export class Check {
  readonly name: string;
  readonly #findings: Finding[] = [];
  readonly #counts = new Map<string, { readonly amount: number; readonly remark: string }>();
  #unlisted = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** Says what is looked at. Amounts of the same things add up. */
  count(amount: number, noun: string, remark = ''): void {
    const counted = this.#counts.get(noun)?.amount ?? 0;
    this.#counts.set(noun, { amount: counted + amount, remark });
  }

  find(problem: string, where: Omit<Finding, 'problem'> = {}): void {
    if (this.#findings.length < LISTED) this.#findings.push({ problem, ...where });
    else this.#unlisted += 1;
  }

  /** Does a piece of work. A file that cannot be read any further is a finding, and gives `undefined`. */
  attempt<T>(where: Omit<Finding, 'problem'>, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (!isDamage(error)) throw error;
      this.find(`cannot be read: ${describeDamage(error)}`, where);
      return undefined;
    }
  }

  result(): CheckResult {
    const { name } = this;
    const checked = [...this.#counts]
      .map(([noun, { amount, remark }]) => formatCount(amount, noun) + remark)
      .join(', ');
    return { name, checked, findings: this.#findings, unlisted: this.#unlisted };
  }
}

type SqliteError = InstanceType<typeof Sqlite.SqliteError>;

/** What SQLite answers when a file is not what it should be; a lock or a permission says nothing about the file. */
const DAMAGE = /^SQLITE_(CORRUPT|NOTADB|FORMAT|ERROR|MISMATCH|IOERR_(SHORT_)?READ|IOERR_CORRUPTFS)/;

export function isDamage(error: unknown): error is SqliteError {
  return error instanceof Sqlite.SqliteError && DAMAGE.test(error.code);
}

export function describeDamage(error: SqliteError): string {
  return `${messageOf(error)} (${error.code})`;
}
