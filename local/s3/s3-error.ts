/** An S3 error: its code, the sentence that the caller reads, and the HTTP status. */
export class S3Error extends Error {
  readonly status: number;
  constructor(code: string, message: string, status: number) {
    super(message);
    this.name = code;
    this.status = status;
  }
}

export const noSuchKey = () => new S3Error('NoSuchKey', 'The specified key does not exist.', 404);
export const noSuchBucket = () => new S3Error('NoSuchBucket', 'The specified bucket does not exist', 404);
export const preconditionFailed = () =>
  new S3Error('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', 412);
export const badDigest = (what: string) =>
  new S3Error('BadDigest', `The ${what} you specified did not match what was received.`, 400);
export const incompleteBody = () =>
  new S3Error(
    'IncompleteBody',
    'You did not provide the number of bytes specified by the Content-Length HTTP header',
    400,
  );
