import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { contentSecurityPolicy } from './security-headers.ts';
import { forwardHost, servePage, toCloudFrontCode } from './viewer-request.ts';

/** Runs the code by itself, as CloudFront does. */
const inCloudFront = (
  run: typeof servePage | typeof forwardHost,
  uri: string,
  headers: Record<string, { value: string }> = {},
) => {
  const code = toCloudFrontCode(run);
  expect(Buffer.byteLength(code)).toBeLessThan(10_240);
  return JSON.parse(
    runInNewContext(`${code}; JSON.stringify(handler(event))`, { event: { request: { uri, headers } } }),
  );
};

test.each([
  ['/', '/index.html'],
  ['/alerts', '/index.html'],
  ['/sites/1/loops/alert-5', '/index.html'],
  ['/assets/index-Ab12.js', '/assets/index-Ab12.js'],
  ['/favicon.svg', '/favicon.svg'],
])('%s is served from %s', (uri, served) => {
  expect(inCloudFront(servePage, uri)).toMatchObject({ uri: served });
});

test('the API learns the name that the browser used, whatever the browser claims', () => {
  const headers = { host: { value: 'console.example' }, 'x-forwarded-host': { value: 'elsewhere.example' } };
  expect(inCloudFront(forwardHost, '/api/v1/session', headers)).toMatchObject({
    uri: '/api/v1/session',
    headers: { host: { value: 'console.example' }, 'x-forwarded-host': { value: 'console.example' } },
  });
});

test('the policy allows no foreign origin, no inline script and no framing', () => {
  expect(contentSecurityPolicy).not.toMatch(/unsafe|https?:|\*/);
  expect(contentSecurityPolicy).toContain("default-src 'none'");
  expect(contentSecurityPolicy).toContain("frame-ancestors 'none'");
});
