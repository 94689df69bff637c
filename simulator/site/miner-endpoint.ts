import type { Socket } from 'node:net';
import { AntminerConfiguration } from '../antminer/configuration.ts';
import type { AntminerHost, AntminerHttp } from '../antminer/http.ts';
import { answerAntminerRpc } from '../antminer/rpc.ts';
import { WhatsminerApi } from '../whatsminer/api.ts';
import { Listener } from '../wire/listener.ts';
import { type RpcAnswer, serveRpc } from '../wire/rpc-connection.ts';
import type { InventoryEntry } from './inventory.ts';
import type { SimulatedMiner } from './simulated-miner.ts';

export type EndpointPorts = { readonly host: string; readonly rpcPort: number; readonly httpPort: number };

/** Where a miner can be reached: its listeners, and the protocol that its vendor speaks on them. */
export class MinerEndpoint {
  readonly miner: SimulatedMiner;
  readonly #rpc: Listener;
  readonly #http: Listener | undefined;
  readonly #login: { username?: string; password: string };

  constructor(
    miner: SimulatedMiner,
    ports: EndpointPorts,
    options: {
      http: AntminerHttp;
      seed: number;
      nowMs: () => number;
      login: { username: string; password: string };
    },
  ) {
    this.miner = miner;
    if (miner.identity.vendor === 'antminer') {
      const configuration = new AntminerConfiguration(miner.model, miner.settings.pools);
      const host: AntminerHost = { miner, configuration, login: options.login };
      this.#login = options.login;
      this.#rpc = this.#rpcListener(ports, (text) =>
        answerAntminerRpc(miner, text, options.nowMs(), configuration.mode),
      );
      this.#http = new Listener(ports.host, ports.httpPort, (socket) =>
        miner.answers ? options.http.serve(socket, host) : socket.resetAndDestroy(),
      );
    } else {
      const api = new WhatsminerApi(miner, {
        password: options.login.password,
        seed: options.seed,
        nowMs: options.nowMs,
      });
      this.#login = { password: options.login.password };
      this.#rpc = this.#rpcListener(ports, (text, address) => api.answer(text, address));
    }
  }

  async open() {
    await Promise.all([this.#rpc.open(), this.#http?.open()]);
  }

  async close() {
    await Promise.all([this.#rpc.shut(), this.#http?.shut()]);
  }

  /** Brings the ports into the state that the miner's faults ask for. */
  applyFaults() {
    for (const listener of [this.#rpc, this.#http]) {
      if (!listener) continue;
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
      host: this.#rpc.host,
      rpcPort: this.#rpc.port,
      ...(this.#http && { httpPort: this.#http.port }),
      ...this.#login,
      serialNumber,
      macAddress,
      ratedHashrateThs: this.miner.model.hashrateThs,
      ratedPowerW: this.miner.model.powerW,
    };
  }

  #rpcListener(ports: EndpointPorts, answer: (text: string, address: string) => RpcAnswer | undefined) {
    const { miner } = this;
    return new Listener(ports.host, ports.rpcPort, (socket: Socket) => {
      if (miner.processUp) serveRpc(socket, { answer, trouble: () => miner.wireTrouble });
      else socket.resetAndDestroy();
    });
  }
}
