import { antminerProtocol } from '../antminer/protocol.ts';
import { elphapexProtocol } from '../elphapex/protocol.ts';
import type { Vendor } from '../physics/models.ts';
import { protoProtocol } from '../proto/protocol.ts';
import { sealminerProtocol } from '../sealminer/protocol.ts';
import { whatsminerProtocol } from '../whatsminer/protocol.ts';
import type { ProtocolOf } from './protocol.ts';

/** The protocol of each firmware family. */
export const protocols: Readonly<Record<Vendor, ProtocolOf>> = {
  antminer: antminerProtocol,
  whatsminer: whatsminerProtocol,
  sealminer: sealminerProtocol,
  elphapex: elphapexProtocol,
  proto: protoProtocol,
};
