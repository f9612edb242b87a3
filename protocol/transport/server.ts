import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { type AddressInfo, Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import {
  type AnyTRPCRouter,
  callTRPCProcedure,
  getTRPCErrorFromUnknown,
  getTRPCErrorShape,
  type inferRouterContext,
  TRPCError,
} from '@trpc/server';
import { getHTTPStatusCodeFromError } from '@trpc/server/http';
import { Refused } from '@/core/errors';
import type { TlsIdentity } from '../pki/identity';
import { refusalOf, refusedToTrpc } from '../trpc';
import { jsonBody } from './body';
import { GATE_BOUNDS, Gate, type GateBounds } from './gate';
import { type ConnectedPeer, type IsRevoked, peerOfCall } from './peer';
import { NO_TICKETS, secureContext, TLS_VERSION } from './secure-contexts';

/** Calls live under this path: POST /trpc/<procedure>, the input as JSON body. */
export const CALL_PATH = '/trpc/';

/** One call as it arrives. `servername` is the TLS name that was dialled: which identity was meant. */
export type ServedCall<P> = { peer: P; servername: string };

export type ServerBounds = {
  /** Largest body of a call, in bytes. */
  maxBodyBytes: number;
  maxConnections: number;
  /** How long a TLS handshake, the headers, and the whole request may take to arrive. */
  handshakeMs: number;
  headersMs: number;
  requestMs: number;
  /** How long a connection without a call is kept. */
  idleMs: number;
  /** Those who have not proved who they are. */
  gate: GateBounds;
};

export const SERVER_BOUNDS: ServerBounds = {
  maxBodyBytes: 262_144,
  maxConnections: 4096,
  handshakeMs: 5_000,
  headersMs: 5_000,
  requestMs: 15_000,
  idleMs: 65_000,
  gate: GATE_BOUNDS,
};

/**
 * Looks at each connection that the gate let in, before a byte of TLS. `serve` has it answered here, `take` makes it the front's own
 * for good: from then on the front bounds and ends it. Until then it is a stranger like all others.
 */
export type Front = (socket: Socket, then: { serve: () => void; take: () => void }) => void;

type Common<R extends AnyTRPCRouter> = {
  router: R;
  /** Who answers under a TLS name; the present one, so that a renewed certificate counts from the next handshake on. */
  identity: (servername: string) => TlsIdentity | null;
  isRevoked: IsRevoked;
  bounds?: Partial<ServerBounds>;
  /** A bug or an outage in a procedure (never a refusal). */
  onError?: (error: TRPCError, call: { path: string; peer: ConnectedPeer | null }) => void;
  now?: () => Date;
  front?: Front;
};

export type TransportOptions<R extends AnyTRPCRouter> = Common<R> &
  (
    | { anonymous?: false; context: (call: ServedCall<ConnectedPeer>) => inferRouterContext<R> }
    /** Also callers without a certificate; the router says what they may do. A bad certificate is refused all the same. */
    | { anonymous: true; context: (call: ServedCall<ConnectedPeer | null>) => inferRouterContext<R> }
  );

export type TransportServer = {
  /** The port it listens on. */
  port: number;
  /** Serves a connection that came another way than by the port, as if it had arrived there. */
  accept(socket: Socket): void;
  /** Takes no more calls, lets running ones end until the deadline, then cuts them. Idempotent. */
  close(deadlineMs?: number): Promise<void>;
};

/** Serves a tRPC router over HTTPS with mutual TLS 1.3. Listening when it resolves; rejects with the listen error. */
export async function serveTransport<R extends AnyTRPCRouter>(
  options: TransportOptions<R>,
  listen: { host: string; port: number },
): Promise<TransportServer> {
  const bounds = { ...SERVER_BOUNDS, ...options.bounds };
  let closing = false;
  const server = createServer(
    {
      minVersion: TLS_VERSION,
      secureOptions: NO_TICKETS,
      requestCert: true,
      rejectUnauthorized: false, // judged at the call, so that the caller reads why; see peerOfCall
      handshakeTimeout: bounds.handshakeMs,
      headersTimeout: bounds.headersMs,
      requestTimeout: bounds.requestMs,
      keepAliveTimeout: bounds.idleMs,
      connectionsCheckingInterval: Math.min(1_000, bounds.requestMs),
      maxHeaderSize: 8_192,
      SNICallback(servername, done) {
        try {
          const identity = options.identity(servername);
          done(null, identity ? secureContext(identity) : undefined);
        } catch (err) {
          done(err instanceof Error ? err : new Error(String(err)));
        }
      },
    },
    (request, response) => {
      if (closing) response.setHeader('connection', 'close');
      void answer(options, bounds, request, response);
    },
  );
  server.maxConnections = bounds.maxConnections;
  standBefore(server, new Gate(bounds.gate), options.front);
  const accepted = new Set<Socket>();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(listen.port, listen.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  let closed: Promise<void> | null = null;
  return {
    port: (server.address() as AddressInfo).port, // a TCP server has one
    accept(socket) {
      accepted.add(socket);
      socket.once('close', () => accepted.delete(socket));
      server.emit('connection', socket);
    },
    close(deadlineMs = 3_000) {
      closing = true;
      closed ??= new Promise((resolve) => {
        const cut = setTimeout(() => {
          server.closeAllConnections();
          for (const socket of accepted) socket.destroy();
        }, deadlineMs);
        const others = [...accepted].map((socket) => once(socket, 'close')); // the server does not count them
        server.close(() => {
          void Promise.allSettled(others).then(() => {
            clearTimeout(cut);
            resolve();
          });
        });
        server.closeIdleConnections();
      });
      return closed;
    },
  };
}

/** Puts the gate, and a front if there is one, before the handshake; lets through the gate for good who shows a certificate of this deployment. */
function standBefore(server: Server, gate: Gate, front: Front = (_socket, { serve }) => serve()): void {
  const handshakes = server.listeners('connection');
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    if (!gate.admit(socket)) return socket.destroy();
    const serve = () => {
      for (const handshake of handshakes) handshake.call(server, socket);
    };
    front(socket, { serve, take: () => gate.leave(socket) });
  });
  server.on('secureConnection', (socket) => {
    const raw: unknown = '_parent' in socket ? socket._parent : null; // the socket under TLS, as Node names it
    if (socket.authorized && raw instanceof Socket) gate.leave(raw);
  });
}

async function answer<R extends AnyTRPCRouter>(
  options: TransportOptions<R>,
  bounds: ServerBounds,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = request.url?.startsWith(CALL_PATH) ? (request.url.slice(CALL_PATH.length).split('?')[0] ?? '') : '';
  const gone = new AbortController();
  response.once('close', () => response.writableFinished || gone.abort());
  let peer: ConnectedPeer | null = null;
  let type: 'query' | 'mutation' | 'unknown' = 'unknown';
  let context: inferRouterContext<R> | undefined;
  try {
    const socket = request.socket;
    if (!(socket instanceof TLSSocket)) throw new Error('a call without TLS');
    peer = await peerOfCall(socket, options.isRevoked, options.now?.() ?? new Date());
    const procedure = options.router._def.procedures[path];
    type = procedure?._def.type ?? 'unknown';
    if (!procedure || type === 'unknown') throw new TRPCError({ code: 'NOT_FOUND', message: path });
    if (request.method !== 'POST') throw new TRPCError({ code: 'METHOD_NOT_SUPPORTED', message: 'calls are POST' });
    const servername = typeof socket.servername === 'string' ? socket.servername : '';
    if (options.anonymous) context = options.context({ peer, servername });
    else if (peer) context = options.context({ peer, servername });
    else throw new Refused('CERTIFICATE_INVALID', { problem: 'none was shown' });
    const input = await jsonBody(request, bounds.maxBodyBytes);
    const data: unknown = await callTRPCProcedure({
      router: options.router,
      path,
      getRawInput: async () => input,
      ctx: context,
      type,
      signal: gone.signal,
      batchIndex: 0,
      allowMethodOverride: true,
    });
    send(response, 200, { result: { data } });
  } catch (cause) {
    const error = cause instanceof Refused ? refusedToTrpc(cause) : getTRPCErrorFromUnknown(cause);
    if (!refusalOf(error) && !gone.signal.aborted) options.onError?.(error, { path, peer });
    if (!request.complete) response.setHeader('connection', 'close'); // the rest of the body is not worth reading
    const config = options.router._def._config;
    const shape = getTRPCErrorShape({ config, error, type, path, input: undefined, ctx: context });
    send(response, getHTTPStatusCodeFromError(error), { error: shape });
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  if (response.destroyed || response.headersSent) return;
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
