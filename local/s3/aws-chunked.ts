import { incompleteBody } from './s3-error.ts';

const maxLineBytes = 8 * 1024;

/**
 * Undoes `Content-Encoding: aws-chunked`, which the SDK uses for streams whose checksum it knows only at their end: chunks
 * of `<hex size>[;chunk-signature=...]\r\n<bytes>\r\n`, the last of size 0, then trailing headers.
 * Throws S3Error (IncompleteBody) where the bytes are no such thing.
 */
export const awsChunked = (take: (bytes: Buffer) => void) => {
  const trailers: Record<string, string> = {};
  let state: 'size' | 'data' | 'after' | 'trailers' | 'done' = 'size';
  let left = 0;
  let line = '';
  const endOfLine = () => {
    const text = line;
    line = '';
    if (state === 'after') {
      if (text !== '') throw incompleteBody();
      state = 'size';
    } else if (state === 'size') {
      const size = /^([0-9a-fA-F]{1,8})(;|$)/.exec(text)?.[1];
      if (!size) throw incompleteBody();
      left = Number.parseInt(size, 16);
      state = left === 0 ? 'trailers' : 'data';
    } else if (text === '') state = 'done';
    else {
      const colon = text.indexOf(':');
      trailers[text.slice(0, colon).toLowerCase()] = text.slice(colon + 1).trim();
    }
  };
  return {
    write: (bytes: Buffer) => {
      let at = 0;
      while (at < bytes.length && state !== 'done') {
        if (state === 'data') {
          const part = bytes.subarray(at, at + left);
          take(part);
          at += part.length;
          left -= part.length;
          if (left === 0) state = 'after';
          continue;
        }
        const end = bytes.indexOf(0x0a, at);
        line += bytes.toString('latin1', at, end === -1 ? bytes.length : end);
        if (line.length > maxLineBytes) throw incompleteBody();
        at = end === -1 ? bytes.length : end + 1;
        if (end === -1) continue;
        if (line.endsWith('\r')) line = line.slice(0, -1);
        endOfLine();
      }
    },
    /** The trailing headers. A body that ends after the empty chunk without a last empty line is whole, too. */
    end: (): Readonly<Record<string, string>> => {
      if (state !== 'done' && state !== 'trailers') throw incompleteBody();
      return trailers;
    },
  };
};
