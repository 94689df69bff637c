import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localKeyWrapper, rotateLocalKey } from '../providers/local-key.ts';
import type { Subject } from './subject.ts';

export const startLocalSubject = async (): Promise<Subject> => {
  const directory = mkdtempSync(join(tmpdir(), 'sealing-local-'));
  const file = join(directory, 'sealing.key');
  return {
    wrapper: () => localKeyWrapper(file),
    other: () => localKeyWrapper(join(directory, 'other.key')),
    rotate: async () => rotateLocalKey(file),
    disable: async () =>
      writeFileSync(file, readFileSync(file, 'utf8').replaceAll('"enabled":true', '"enabled":false')),
    unreachable: () => {
      const lost = join(directory, 'lost.key');
      const wrapper = localKeyWrapper(lost);
      rmSync(lost);
      return wrapper;
    },
    secrets: () =>
      [...readFileSync(file, 'utf8').matchAll(/"material":"([^"]+)"/g)].map(([, key]) => key ?? ''),
    tamperEvery: 1,
    close: async () => rmSync(directory, { recursive: true }),
  };
};
