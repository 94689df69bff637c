import { antminerProtocol } from '../antminer/protocol.ts';
import type { Vendor } from '../physics/models.ts';
import { whatsminerProtocol } from '../whatsminer/protocol.ts';
import type { ProtocolOf } from './protocol.ts';

/** The protocol of each firmware family. */
export const protocols: Readonly<Record<Vendor, ProtocolOf>> = {
  antminer: antminerProtocol,
  whatsminer: whatsminerProtocol,
};
