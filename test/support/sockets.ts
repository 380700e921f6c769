import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { onTestFinished } from 'vitest';

const CONNECTED = 'undici:client:connected';

/** The ports of the sockets that this process's HTTP client holds open, of those it opened since the call. */
export function watchSockets(): () => readonly string[] {
  const sockets: { readonly port: string; readonly socket: Socket }[] = [];
  const onConnected = (message: unknown): void => {
    const { connectParams, socket } = message as {
      connectParams: { port: string };
      socket: Socket;
    };
    sockets.push({ port: connectParams.port, socket });
  };
  subscribe(CONNECTED, onConnected);
  onTestFinished(() => void unsubscribe(CONNECTED, onConnected));
  return () => [
    ...new Set(sockets.filter(({ socket }) => !socket.destroyed).map(({ port }) => port)),
  ];
}
