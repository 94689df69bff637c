import { describe, expect, it } from 'vitest';
import { urlFault } from './endpoint-url.ts';
import { readNetworks } from './public-address.ts';

const none = readNetworks('');
const loopback = readNetworks('127.0.0.0/8,::1/128');

describe('an endpoint', () => {
  it.each([
    'https://hooks.example.com/hashinsight',
    'https://hooks.example.com:8443/a?b=c',
    'https://8.8.8.8/x',
    'https://[2606:4700:4700::1111]/x',
    'https://例え.jp/x',
  ])('may be %s', (url) => {
    expect(urlFault(url, none)).toBeUndefined();
  });

  it.each([
    ['nothing', 'must be a URL'],
    ['http://hooks.example.com/', 'must be an https URL'],
    ['ftp://hooks.example.com/', 'must be an https URL'],
    ['file:///etc/passwd', 'must be an https URL'],
    ['https://user@hooks.example.com/', 'must not hold a user or a password'],
    ['https://:secret@hooks.example.com/', 'must not hold a user or a password'],
    ['https://hooks.example.com/#a', 'must not hold a fragment'],
    ['https://hooks.example.com:22/', 'must use port 443 or one above 1023'],
    ['https://hooks.example.com:80/', 'must use port 443 or one above 1023'],
    ['https://127.0.0.1/', 'must not name a private or reserved address'],
    ['https://127.1/', 'must not name a private or reserved address'],
    ['https://0x7f000001/', 'must not name a private or reserved address'],
    ['https://2130706433/', 'must not name a private or reserved address'],
    ['https://0177.0.0.1/', 'must not name a private or reserved address'],
    ['https://１２７.0.0.1/', 'must not name a private or reserved address'],
    ['https://169.254.169.254/latest/meta-data/', 'must not name a private or reserved address'],
    ['https://[::1]/', 'must not name a private or reserved address'],
    ['https://[::ffff:169.254.169.254]/', 'must not name a private or reserved address'],
    ['https://[fd00:ec2::254]/', 'must not name a private or reserved address'],
    ['https://localhost/', 'must name a host of the public internet'],
    ['https://LOCALHOST./', 'must name a host of the public internet'],
    ['https://a.localhost/', 'must name a host of the public internet'],
    ['https://metadata.google.internal/', 'must name a host of the public internet'],
    ['https://printer.local/', 'must name a host of the public internet'],
    ['https://intranet/', 'must name a host of the public internet'],
  ])('may not be %s: %s', (url, fault) => {
    expect(urlFault(url, none)).toBe(fault);
  });

  it.each([
    'http://127.0.0.1:4000/x',
    'http://[::1]:4000/',
    'http://localhost:4000/',
    'https://localhost:1/',
  ])('may be %s where loopback is allowed', (url) => {
    expect([urlFault(url, loopback), typeof urlFault(url, none)]).toEqual([undefined, 'string']);
  });

  it.each(['http://hooks.example.com/', 'http://10.0.0.1/', 'https://10.0.0.1/', 'https://192.168.0.1/'])(
    'may not be %s even then',
    (url) => {
      expect(urlFault(url, loopback)).toBeTypeOf('string');
    },
  );
});
