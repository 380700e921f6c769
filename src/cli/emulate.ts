import { once } from 'node:events';
import type { Flags } from '../config/load.ts';
import { FAULT_NAMES, type FaultName, type ListOrder } from '../emulator/choices.ts';
import { EMULATED_ACCOUNT } from '../emulator/defaults.ts';
import type { Fault } from '../emulator/faults.ts';
import { Emulator } from '../emulator/server.ts';
import { Failure } from '../inventory/failure.ts';
import { formatNumber } from '../inventory/quantity.ts';
import { stopOnSignals } from './signals.ts';
import { printResult } from './streams.ts';

export interface EmulateOptions {
  readonly images: number;
  readonly drafts: number;
  readonly seed: number;
  readonly host: string;
  readonly port: number;
  readonly token: string;
  /** Milliseconds. */
  readonly latency: number;
  readonly rateRequests?: number;
  /** Milliseconds. */
  readonly rateInterval: number;
  readonly maxPageSize?: number;
  readonly ignorePage?: boolean;
  readonly listOrder: ListOrder;
  readonly statsShift: number;
  readonly v1Gone?: boolean;
  readonly fault?: readonly string[];
}

/** `emulate`: serves until it is told to stop. Prints what a client has to be told. */
export async function emulateCommand(flags: Flags, options: EmulateOptions): Promise<number> {
  const ids = flags.account ?? [EMULATED_ACCOUNT];
  const stop = stopOnSignals();
  const emulator = new Emulator({
    accounts: ids.map((id, index) => ({
      id,
      images: options.images,
      drafts: options.drafts,
      seed: options.seed + index,
    })),
    host: options.host,
    port: options.port,
    latencyMs: options.latency,
    credentials: { token: options.token },
    quirks: {
      ...(options.maxPageSize !== undefined && { maxPageSize: options.maxPageSize }),
      ignorePage: options.ignorePage ?? false,
      listOrder: options.listOrder,
      statsShift: options.statsShift,
      v1Gone: options.v1Gone ?? false,
    },
    ...(options.rateRequests !== undefined && {
      rateLimit: { requests: options.rateRequests, intervalMs: options.rateInterval },
    }),
  });
  for (const fault of options.fault ?? []) emulator.faults.add(parseFault(fault));

  const baseUrl = await listen(emulator, options);
  printResult(
    [
      `# Cloudflare Images, emulated: ${formatNumber(options.images)} images in each account. Ctrl-C stops it.`,
      `export CLOUDFLARE_BASE_URL=${baseUrl}`,
      `export CLOUDFLARE_ACCOUNT_ID=${ids.join(',')}`,
      `export CLOUDFLARE_API_TOKEN=${options.token}`,
    ].join('\n'),
  );
  if (!stop.signal.aborted) await once(stop.signal, 'abort');
  await emulator.close();
  return stop.exitCode() ?? 0;
}

async function listen(emulator: Emulator, { host, port }: EmulateOptions): Promise<string> {
  try {
    return await emulator.listen();
  } catch (error) {
    throw new Failure('USAGE', `cannot listen on ${host}:${port}`, {
      hint: 'Another program may hold the port: name another with --port, or 0 for any free one.',
      cause: error,
    });
  }
}

function parseFault(text: string): Fault {
  const [name = '', chance = '1'] = text.split(':', 2);
  const probability = chance === '' ? Number.NaN : Number(chance);
  const isKnown = (FAULT_NAMES as readonly string[]).includes(name);
  if (isKnown && probability >= 0 && probability <= 1) {
    return { name: name as FaultName, probability };
  }
  throw new Failure(
    'USAGE',
    `--fault is "${text}": must be NAME or NAME:CHANCE, a chance of 0 to 1`,
    {
      hint: `The names are ${FAULT_NAMES.join(', ')}.`,
    },
  );
}
