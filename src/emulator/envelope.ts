import type { OutgoingHttpHeaders } from 'node:http';

/** A whole answer, before it is sent. */
export interface EmulatedAnswer {
  readonly status: number;
  readonly headers?: OutgoingHttpHeaders;
  readonly body: string;
}

interface Note {
  readonly code: number;
  readonly message: string;
}

/** The headers of an answer that is sent whole. */
export function headersOf({ headers, body }: EmulatedAnswer): OutgoingHttpHeaders {
  return {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'cf-ray': '8d4ada7d90d11f7a-LHR',
    ...headers,
  };
}

/** A success around a result that is JSON text already. */
export function success(resultJson: string, messages: readonly Note[] = []): EmulatedAnswer {
  const notes = JSON.stringify(messages);
  return {
    status: 200,
    body: `{"success":true,"errors":[],"messages":${notes},"result":${resultJson}}`,
  };
}

/** An error as Cloudflare's API words it. */
export function failure(
  status: number,
  code: number,
  message: string,
  headers: OutgoingHttpHeaders = {},
): EmulatedAnswer {
  const errors = [{ code, message }];
  return {
    status,
    headers,
    body: JSON.stringify({ success: false, errors, messages: [], result: null }),
  };
}
