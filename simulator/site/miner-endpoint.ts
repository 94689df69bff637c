import type { Socket } from 'node:net';
import { Listener } from '../wire/listener.ts';
import { serveRpc } from '../wire/rpc-connection.ts';
import type { WebServer } from '../wire/web-server.ts';
import type { InventoryEntry } from './inventory.ts';
import type { Protocol, ProtocolOptions, Service } from './protocol.ts';
import { protocols } from './protocols.ts';
import type { SimulatedMiner } from './simulated-miner.ts';

export type EndpointPorts = {
  readonly host: string;
  readonly rpcPort: number;
  readonly httpPort: number;
  readonly framePort: number;
  /** Whether these are the vendors' usual ports, so that a family with its own keeps to it. */
  readonly vendors: boolean;
  /** Whether another process may listen at the same ports. */
  readonly shared?: boolean;
};

/** Where a miner can be reached: its listeners, and the protocol that its firmware speaks on them. */
export class MinerEndpoint {
  readonly miner: SimulatedMiner;
  readonly #rpc: Listener | undefined;
  readonly #http: Listener | undefined;
  readonly #frame: Listener | undefined;
  readonly #dashboard: Listener | undefined;
  readonly #login: Protocol['login'];

  constructor(
    miner: SimulatedMiner,
    ports: EndpointPorts,
    { web, ...options }: ProtocolOptions & { readonly web: WebServer },
  ) {
    this.miner = miner;
    const protocol = protocols[miner.identity.vendor](miner, options);
    this.#login = protocol.login;
    const listener = (service: Service | undefined, port: number) =>
      service &&
      new Listener(ports.host, port, (socket) => this.#take(socket, service, web), ports.shared ?? false);
    this.#rpc = listener(protocol.rpc, ports.rpcPort);
    this.#http = listener(
      protocol.http,
      (ports.vendors ? protocol.vendorHttpPort : undefined) ?? ports.httpPort,
    );
    this.#frame = listener(protocol.frame, ports.framePort);
    this.#dashboard = listener(ports.vendors ? protocol.dashboard : undefined, ports.httpPort);
  }

  get #listeners(): readonly Listener[] {
    return [this.#rpc, this.#http, this.#frame, this.#dashboard].filter((one) => one !== undefined);
  }

  async open() {
    await Promise.all(this.#listeners.map((listener) => listener.open()));
  }

  async close() {
    await Promise.all(this.#listeners.map((listener) => listener.shut()));
  }

  /** Gives a closed miner another address. */
  lease(host: string) {
    for (const listener of this.#listeners) listener.lease(host);
  }

  /** Brings the ports into the state that the miner's faults ask for. */
  applyFaults() {
    for (const listener of this.#listeners) {
      if (this.miner.wireTrouble === 'refuse') void listener.shut();
      else listener.reopen();
    }
  }

  /** How an operator would list this miner. */
  entry(): InventoryEntry {
    const { minerId, vendor, model, zoneId, serialNumber, macAddress } = this.miner.identity;
    return {
      minerId,
      vendor,
      model,
      zoneId,
      host: this.#rpc?.host ?? this.#http?.host ?? this.#frame?.host ?? '',
      ...(this.#rpc && { rpcPort: this.#rpc.port }),
      ...(this.#http && { httpPort: this.#http.port }),
      ...(this.#frame && { framePort: this.#frame.port }),
      ...this.#login,
      serialNumber,
      macAddress,
      ratedHashrateThs: this.miner.model.hashrateThs,
      ratedPowerW: this.miner.model.powerW,
    };
  }

  #take(socket: Socket, service: Service, web: WebServer) {
    const { miner } = this;
    if (!(service.kind === 'web' ? miner.answers : miner.processUp)) socket.resetAndDestroy();
    else if (service.kind === 'web') web.serve(socket, service);
    else if (service.kind === 'bare') service.serve(socket);
    else serveRpc(socket, { answer: service.answer, trouble: () => miner.wireTrouble });
  }
}
