import { BlockList, isIP } from 'node:net';

/** IPv4 networks that are not the public internet: IANA's special-purpose registry, multicast and the reserved rest. */
const special4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
/** Of IPv6 only global unicast (2000::/3) is public, without protocol assignments, documentation and what carries IPv4 within. */
const global6 = '2000::/3';
const special6 = ['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20'];

const listOf = (networks: readonly string[]) => {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    const family = isIP(address);
    const prefix = Number(bits);
    if (family === 0 || !/^\d{1,3}$/.test(bits ?? '') || prefix > (family === 4 ? 32 : 128))
      throw new RangeError(`${network} is not a network such as 127.0.0.0/8`);
    list.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
};

const blocked4 = listOf(special4);
const allowed6 = listOf([global6]);
const blocked6 = listOf(special6);

/** True for an address on the public internet. Loopback, private, link-local (with the clouds' metadata) and the rest are not. */
export const isPublicAddress = (address: string): boolean => {
  switch (isIP(address)) {
    case 4:
      return !blocked4.check(address, 'ipv4');
    case 6:
      return allowed6.check(address, 'ipv6') && !blocked6.check(address, 'ipv6');
    default:
      return false;
  }
};

/** Networks that whoever runs the system allows in spite of being private; none in the cloud unless somebody says so. */
export type AllowedNetworks = { readonly has: (address: string) => boolean; readonly isEmpty: boolean };

/** Reads `127.0.0.0/8,::1/128`; an empty text allows none. Throws RangeError on what is no network. */
export const readNetworks = (text: string): AllowedNetworks => {
  const networks = text
    .split(',')
    .map((one) => one.trim())
    .filter(Boolean);
  const list = listOf(networks);
  return {
    isEmpty: networks.length === 0,
    has: (address) => {
      const family = isIP(address);
      return family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6');
    },
  };
};
