import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { vendors } from '../contracts/capabilities/firmware-table.ts';
import { claimCode } from '../contracts/gateway-keys.ts';
import { gatewayId, minerId, siteId } from '../contracts/identifiers.ts';
import { addressSet } from './discovery/address-ranges.ts';
import { sealingConfig } from './sealing/sealing-config.ts';

const ms = z
  .int()
  .positive()
  .max(24 * 3_600_000);
const port = z.int().min(1).max(65_535);
const overTemperature = z.strictObject({
  chipTempC: z.number().min(40).max(200).default(110),
  boardTempC: z.number().min(40).max(200).default(105),
});

/** A bound on what all of the gateway's miners draw together. */
const sitePower = z.strictObject({
  /** At this much, miners are stopped until the rest draws `hysteresisPct` less. */
  capW: z.number().positive().max(5e9),
  hysteresisPct: z.number().min(0.5).max(50).default(5),
  /** A miner that was stopped for the cap is started again when there has been room for it for so long; 0: never. */
  restoreAfterMs: z
    .int()
    .nonnegative()
    .max(24 * 3_600_000)
    .default(10 * 60_000),
  /** What a miner without a reading is taken to draw: what it drew last, for so long. */
  rememberMs: ms.default(10 * 60_000),
});
export type SitePowerLimits = z.infer<typeof sitePower>;

/** Every bound that the gateway keeps; each has a default. */
export const gatewayLimits = z.strictObject({
  /** Sockets open at once, over all miners. */
  sockets: z.int().min(1).max(4_096).default(256),
  connectMs: ms.default(2_000),
  exchangeMs: ms.default(5_000),
  answerBytes: z
    .int()
    .min(1_024)
    .max(16 * 1_024 * 1_024)
    .default(512 * 1_024),
  /** A sweep ends then; who was not asked by then has no reading in it. */
  sweepMs: ms.default(30_000),
  /** The share of the interval over which a sweep's asks are spread, each miner at its own place. */
  spreadPct: z.number().min(0).max(80).default(5),
  /**
   * Every how many sweeps a hashing miner is asked everything, pools and configuration too; in between what detection needs. Who does
   * not hash is asked everything every time.
   */
  fullReadEverySweeps: z.int().min(1).max(1_000).default(5),
  /** A miner that does not answer is asked again after at most this long: within every five-minute window. */
  maxBackoffMs: ms.default(120_000),
  minersPerShard: z.int().min(1).max(1_000).default(1_000),
  batchBytes: z
    .int()
    .min(1_024)
    .max(128 * 1_024)
    .default(120 * 1_024),
  /** Telemetry on the disk, at most; thinning begins at nine tenths of it. */
  spoolBytes: z
    .int()
    .min(64 * 1_024)
    .default(2 * 1_024 * 1_024 * 1_024),
  /** Neighbours that wait through an outage are folded into batches of this much time. */
  foldMs: ms.default(5 * 60_000),
  /** What was made within this time is sent before any backlog, but for every `backlogEvery`-th publish. */
  freshMs: ms.default(3 * 60_000),
  backlogEvery: z.int().min(2).max(1_000).default(4),
  /** A batch that no receipt covers is sent again after this, then after twice, four times as long. */
  resendMs: ms.default(15 * 60_000),
  /** Per second of the line. With one batch more than this, and answers beside it, AWS's 100 and 512 KiB are kept. */
  publishesPerS: z.int().min(1).max(100).default(80),
  publishBytesPerS: z
    .int()
    .min(1_024)
    .max(512 * 1_024)
    .default(380 * 1_024),
  publishesInFlight: z.int().min(1).max(100).default(16),
  publishMs: ms.default(30_000),
  /** How far the gateway's clock and the cloud's may differ. */
  clockSkewMs: z.int().nonnegative().max(3_600_000).default(60_000),
  /** How long an order's effect may take to show, and how often the miner is looked at meanwhile. */
  effectMs: ms.default(180_000),
  effectPollMs: ms.default(1_000),
  overTemperature: z
    .strictObject({
      default: overTemperature.prefault({}),
      models: z.record(z.string(), overTemperature).default({}),
    })
    .prefault({}),
  sitePower: sitePower.optional(),
});
export type GatewayLimits = z.infer<typeof gatewayLimits>;

export const configuredMiner = z.strictObject({
  minerId,
  vendor: z.enum(vendors),
  host: z.string().min(1).max(253),
  /** Left out: the vendor's own. */
  rpcPort: port.optional(),
  httpPort: port.optional(),
  /** Whatsminer API 3's. */
  framePort: port.optional(),
  username: z.string().max(64).optional(),
  password: z.string().max(128).optional(),
  mac: z
    .string()
    .regex(/^([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}$/)
    .optional(),
  model: z.string().max(80).optional(),
  /** Where the site draws too much: those with the lowest number are stopped first. */
  shedOrder: z.int().min(0).max(1_000).default(100),
});
export type ConfiguredMiner = z.infer<typeof configuredMiner>;

const mqtt = z.strictObject({
  host: z.string().min(1),
  port: port.default(8_883),
  caPath: z.string().min(1),
  certPath: z.string().min(1),
  keyPath: z.string().min(1),
});
export type MqttConfig = z.infer<typeof mqtt>;

/** Where a gateway with keys of its own registers, replaces them, and has its second line. */
const cloud = z.strictObject({
  /** The API: `https://…`. */
  url: z.url({ protocol: /^https?$/ }),
  /** Whom to trust at the MQTT broker. */
  caPath: z.string().min(1),
  /** Registers the gateway at its first start; not looked at later. */
  claim: claimCode.optional(),
  /** The claim's own certificate, where the gateway is to be provisioned over MQTT first. */
  provisioning: z
    .strictObject({
      host: z.string().min(1),
      port: port.default(8_883),
      certPath: z.string().min(1),
      keyPath: z.string().min(1),
      template: z.string().min(1).max(36),
    })
    .optional(),
  /** The second line: beside MQTT all the time, or once MQTT has been down for `afterMs`. */
  use: z.enum(['when_down', 'both', 'never']).default('when_down'),
  afterMs: ms.default(30_000),
});
export type CloudConfig = z.infer<typeof cloud>;

const holdsAddresses = (ranges: readonly string[], exclude: readonly string[] = []) => {
  try {
    return addressSet(ranges, exclude).count > 0;
  } catch {
    return false;
  }
};
const rangeText = z
  .string()
  .max(200)
  .refine((text) => holdsAddresses([text]), {
    message: 'must be an address, a subnet, a span of addresses or a list of them',
  });
/** Where miners may stand, so that one that has a new address is found again by its MAC. */
const discovery = z
  .strictObject({
    ranges: z.array(rangeText).min(1).max(64),
    exclude: z.array(rangeText).max(64).default([]),
    /** While miners are unreachable, the ranges are searched for them at most this often. */
    everyMs: z
      .int()
      .min(60_000)
      .max(24 * 3_600_000)
      .default(10 * 60_000),
    /** Addresses that such a search begins per second. */
    perS: z.int().min(1).max(10_000).default(200),
  })
  .refine(({ ranges, exclude }) => holdsAddresses(ranges, exclude), {
    path: ['ranges'],
    message: 'must leave addresses to look at, and at most a million',
  });
export type DiscoveryConfig = z.infer<typeof discovery>;

/** Health, metrics and the local page over HTTP, for reading only. */
const local = z.strictObject({
  /** 0: any that is free, which the log names. */
  port: z.int().min(0).max(65_535).default(9_464),
  /** Anything but loopback shows the page to whoever reaches the address. */
  host: z.union([z.ipv4(), z.ipv6()]).default('127.0.0.1'),
});
export type LocalConfig = z.infer<typeof local>;

/** What a gateway is told: who it is, its line, its keys, its miners. */
const gatewayConfig = z
  .strictObject({
    siteId,
    gatewayId,
    pollIntervalMs: z.int().min(100).max(3_600_000).default(60_000),
    /** Left out under Greengrass, where the nucleus has the line, and with `cloud`. */
    mqtt: mqtt.optional(),
    /** With it, the gateway keeps keys of its own in its state directory and needs neither `mqtt` nor `hmacKeys`. */
    cloud: cloud.optional(),
    hmacKeys: z
      .array(z.strictObject({ keyId: z.string().min(1).max(64), secret: z.base64().min(24) }))
      .max(4)
      .default([]),
    /** Left out where they are sealed in the state directory already (sealing/sealed-miners.ts). */
    miners: z.array(configuredMiner).max(20_000).default([]),
    sealing: sealingConfig.prefault({}),
    limits: gatewayLimits.prefault({}),
    /** Left out: a miner with a new address stays unreachable until somebody says where it is. */
    discovery: discovery.optional(),
    /** Left out: nothing listens. */
    local: local.optional(),
  })
  .refine(({ miners }) => new Set(miners.map((miner) => miner.minerId)).size === miners.length, {
    path: ['miners'],
    message: 'every minerId must be there once',
  })
  .refine(({ hmacKeys, cloud }) => hmacKeys.length > 0 || cloud !== undefined, {
    path: ['hmacKeys'],
    message: 'must name a key, unless cloud is there',
  });
export type GatewayConfig = z.infer<typeof gatewayConfig>;
export type GatewayConfigInput = z.input<typeof gatewayConfig>;

/** Throws an Error that names every faulty field, never its value: the file holds secrets. */
export const parseGatewayConfig = (input: unknown): GatewayConfig => {
  const parsed = gatewayConfig.safeParse(input);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.slice(0, 10).map(({ path, message }) => `${path.join('.')} ${message}`);
  throw new Error(`Configuration: ${issues.join('; ')}`);
};

export const readGatewayConfig = (file: string): GatewayConfig => {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new Error(`Configuration: ${file} cannot be read as JSON`);
  }
  return parseGatewayConfig(json);
};
