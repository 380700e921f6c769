import { Daemon } from '../daemon/daemon.ts';
import type { DaemonEvent, RunKind, RunResult } from '../daemon/events.ts';
import { logDaemonEvent } from '../daemon/log.ts';
import type { Sources } from '../http/routes.ts';
import { logWebhook } from '../observe/webhook-log.ts';
import { inventoryBytes } from '../store/inspect.ts';
import { createUpkeep } from '../store/upkeep.ts';
import type { Emit } from '../sync/events.ts';
import type { Pacer } from '../cloudflare/pace.ts';
import { viewDaemon } from './daemon-view.ts';
import { Figures } from './figures.ts';
import { createHousekeeping, type Housekeeping } from './housekeeping.ts';
import { noticesOf } from './notices.ts';
import type { Orders } from './orders.ts';
import { Outlets } from './outlets.ts';
import type { Session } from './session.ts';
import { runAccount } from './sync-accounts.ts';
import { VERSION } from './version.ts';

/** The daemon and all that serves it, on one open inventory, and the orders that it works by. */
export class Household implements AsyncDisposable {
  readonly daemon: Daemon;
  readonly #session: Session;
  readonly #startedAt: number;
  readonly #figures: Figures;
  readonly #housekeeping: Housekeeping;
  readonly #outlets: Outlets;
  #orders: Orders;

  /** @param signal - Ends the daemon. */
  constructor(session: Session, orders: Orders, signal: AbortSignal) {
    const { context, inventory } = session;
    const { clock, logger, connections } = context;
    this.#session = session;
    this.#orders = orders;
    this.#startedAt = clock.now();
    this.#figures = new Figures(inventory, {
      version: VERSION,
      now: () => clock.now(),
      requestsLeft: () => connections.requestsLeft(),
      databaseBytes: () => inventoryBytes(inventory.path),
    });
    this.#housekeeping = createHousekeeping(createUpkeep(inventory), clock, logger);
    const ports = {
      clock,
      random: Math.random,
      run: (accountId: string, kind: RunKind, stop: AbortSignal) =>
        this.#run(accountId, kind, stop),
      housekeep: (stop: AbortSignal) =>
        this.#housekeeping.daily(this.#orders.settings['retention.days'], stop),
      tell: (event: DaemonEvent) => this.#hear(event),
    };
    this.daemon = new Daemon(ports, orders.plan, signal);
    this.#outlets = new Outlets({
      clock,
      logger,
      sources: this.#sources(),
      onWebhook: (event) => {
        logWebhook(logger, event);
        this.#figures.noteDelivery(event);
      },
    });
  }

  get orders(): Orders {
    return this.#orders;
  }

  /** Begins to listen. @throws Failure `CONFIG_INVALID` if the port cannot be had. */
  async open(): Promise<void> {
    const { settings, webhook, accounts } = this.#orders;
    await this.#outlets.apply(settings, webhook);
    this.#figures.show(accounts.map(({ id }) => id));
  }

  /** Goes on by other orders. @throws Failure `CONFIG_INVALID` if they cannot be followed; the old ones stand then. */
  async apply(orders: Orders): Promise<void> {
    const { settings, webhook, accounts, plan } = orders;
    await this.#outlets.apply(settings, webhook);
    this.#orders = orders;
    const { logger, connections } = this.#session.context;
    logger.level = settings['log.level'];
    this.#figures.show(accounts.map(({ id }) => id));
    // Old connections take a while to close, in which the old plan would call for runs of accounts that are gone.
    const closed = connections.apply(settings, accounts);
    this.daemon.apply(plan);
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#outlets.close();
  }

  async #run(accountId: string, mode: RunKind, signal: AbortSignal): Promise<RunResult> {
    const { settings, accounts } = this.#orders;
    const account = accounts.find(({ id }) => id === accountId);
    if (account === undefined) throw new RangeError(`account ${accountId} is not configured`);
    const context = { ...this.#session.context, settings, watch: this.#watch };
    const options = { mode, allowMassRemoval: false, mayResume: true };
    const result = await runAccount(context, account, options, signal);
    this.#figures.noteRun(accountId, result);
    this.#housekeeping.afterRun();
    return result;
  }

  /** Counts what a run does; a progress line has room for one account only. */
  readonly #watch = (pacer: Pacer, accountId: string): Emit => {
    const count = this.#figures.metrics.observe(accountId);
    const isAlone = this.#orders.accounts.length === 1;
    const draw = isAlone ? this.#session.context.watch?.(pacer, accountId) : undefined;
    return (event) => {
      count(event);
      draw?.(event);
    };
  };

  #hear(event: DaemonEvent): void {
    const { logger, clock } = this.#session.context;
    logDaemonEvent(logger, event, clock.now());
    if (!('accountId' in event)) return;
    const { accountId } = event;
    if (event.type === 'daemon.scheduled') {
      const view = this.daemon.viewOf(accountId);
      if (view !== undefined) this.#figures.noteSchedule(view);
    }
    const name = this.#orders.accounts.find(({ id }) => id === accountId)?.name;
    for (const notice of noticesOf(event, name, clock.now())) this.#outlets.notify(notice);
  }

  #sources(): Sources {
    const { context, inventory } = this.#session;
    const { metrics } = this.#figures;
    return {
      clock: context.clock,
      isAlive: () => this.daemon.isAlive,
      metrics: { contentType: metrics.contentType, render: () => metrics.render() },
      view: () =>
        viewDaemon({
          orders: this.#orders,
          daemon: this.daemon,
          figures: this.#figures,
          database: inventory.database,
          startedAt: this.#startedAt,
        }),
    };
  }
}
