import type { WebPage } from './web-page.ts';

/** What an answer gives away: the firmware family, or the name of one that this gateway has no adapter for. */
export type Signature = {
  readonly family: string;
  /** The maker's own firmware. Other firmware on the same machine may answer in the maker's words too, so it has to wait. */
  readonly stock: boolean;
};

type Sign = Signature & {
  /** Matches answers of the RPC port, in capitals. */
  readonly rpc?: RegExp;
  readonly page?: (page: WebPage) => boolean;
};

const bodyHas = (pattern: RegExp) => (page: WebPage) => pattern.test(page.body);

/**
 * Firmware that replaces the maker's first, then the makers'; the first that matches holds. The words are those that
 * 256foundation/asic-rs (asic-rs-firmwares/<family>/src/firmware.rs) and UpstreamData/pyasic (miners/factory.py) look for.
 */
const signs: readonly Sign[] = [
  { family: 'braiins', stock: false, rpc: /BOSMINER|BOSER/, page: bodyHas(/Braiins OS/) },
  { family: 'luxos', stock: false, rpc: /LUXMINER/, page: bodyHas(/Luxor Firmware/) },
  { family: 'marathon', stock: false, rpc: /MARAFW|KAONSU/ },
  { family: 'hiveon', stock: false, rpc: /HIVEON/ },
  { family: 'vnish', stock: false, rpc: /VNISH/, page: bodyHas(/AnthillOS/) },
  { family: 'epic', stock: false, page: bodyHas(/Miner Web Dashboard/) },
  {
    family: 'elphapex',
    stock: true,
    page: ({ status, realm }) => status === 401 && realm.startsWith('Daoge'),
  },
  { family: 'sealminer', stock: true, rpc: /BDMINER/, page: bodyHas(/amazeui/) },
  { family: 'avalon', stock: true, rpc: /AVALON/, page: bodyHas(/\bAvalon/) },
  { family: 'auradine', stock: true, rpc: /GCMINER|FLUXOS/ },
  {
    family: 'whatsminer',
    stock: true,
    rpc: /BITMICRO|BTMINER|WHATSMINER|"API_VER"/,
    page: ({ status, location, body }) =>
      (status === 307 && location.startsWith('https://')) || body.includes('/cgi-bin/luci'),
  },
  {
    family: 'antminer',
    stock: true,
    rpc: /ANTMINER|BMMINER/,
    page: ({ status, realm }) => status === 401 && realm.startsWith('antMiner'),
  },
  { family: 'bitaxe', stock: true, page: bodyHas(/AxeOS|Nerd\w*axe|"ASICModel"/i) },
  { family: 'proto', stock: true, page: bodyHas(/Proto OS|"system-info"/) },
];

const plain = ({ family, stock }: Sign): Signature => ({ family, stock });

export const signatureOfRpc = (answer: string): Signature | undefined => {
  const capitals = answer.toUpperCase();
  const sign = signs.find(({ rpc }) => rpc?.test(capitals));
  return sign && plain(sign);
};

export const signatureOfPage = (page: WebPage): Signature | undefined => {
  const sign = signs.find((candidate) => candidate.page?.(page));
  return sign && plain(sign);
};

/** Of what several probes gave away, what holds: replaced firmware before the maker's, else what came first. */
export const strongest = (found: readonly Signature[]): Signature | undefined =>
  found.find(({ stock }) => !stock) ?? found[0];
