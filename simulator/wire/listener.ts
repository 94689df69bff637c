import { createServer, type Server, type Socket } from 'node:net';

const reopenAttemptMs = 100;

/**
 * A port of a simulated miner. It can be closed and opened again at the same number, as when a cable is pulled; while it
 * is closed, connections are refused by the operating system.
 */
export class Listener {
  #host: string;
  readonly #onConnection: (socket: Socket) => void;
  readonly #reusePort: boolean;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port: number;
  #wanted = false;
  #retry: NodeJS.Timeout | undefined;

  constructor(host: string, port: number, onConnection: (socket: Socket) => void, reusePort = false) {
    this.#host = host;
    this.#reusePort = reusePort;
    this.#port = port;
    this.#onConnection = onConnection;
  }

  get host() {
    return this.#host;
  }

  /** The port, known once it has been opened. */
  get port() {
    return this.#port;
  }

  /** Rejects when the port is taken. */
  async open(): Promise<void> {
    this.#wanted = true;
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      const reusePort = this.#reusePort;
      server.listen({ host: this.#host, port: this.#port, backlog: 64, reusePort }, () => {
        server.off('error', reject);
        server.on('error', () => undefined);
        resolve();
      });
    });
    const address = server.address();
    if (address && typeof address === 'object') this.#port = address.port;
    if (!this.#wanted) server.close();
    else this.#server = server;
  }

  /** Refuses connections and drops those that exist. */
  async shut(): Promise<void> {
    this.#wanted = false;
    clearTimeout(this.#retry);
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.#sockets) socket.destroy();
    if (server) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  /** Another address, from the next opening on. */
  lease(host: string) {
    this.#host = host;
  }

  /** Opens the same port again, trying until it is free. */
  reopen() {
    this.#wanted = true;
    if (this.#server) return;
    this.open().catch(() => {
      if (this.#wanted) this.#retry = setTimeout(() => this.reopen(), reopenAttemptMs).unref();
    });
  }

  /** Drops the connections that exist, as a control board does that goes down. */
  dropConnections() {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  #accept(socket: Socket) {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    this.#onConnection(socket);
  }
}
