import * as z from 'zod';
import { anomaliesDetected } from '../../contracts/alert.ts';
import { epochMs } from '../../contracts/identifiers.ts';

/** What came of a batch: kept so that a second delivery after a crash announces the same and changes nothing. */
export const receiptContent = z.strictObject({
  detected: anomaliesDetected.optional(),
  /** Windows that were closed or late when the batch came. */
  dueWindows: z.array(epochMs),
});
export type Receipt = z.infer<typeof receiptContent>;
