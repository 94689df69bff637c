import { antminerProtocol } from '../antminer/protocol.ts';
import { auradineProtocol } from '../auradine/protocol.ts';
import { avalonProtocol } from '../avalon/protocol.ts';
import { axeosProtocol } from '../axeos/protocol.ts';
import { braiinsProtocol } from '../braiins/protocol.ts';
import { elphapexProtocol } from '../elphapex/protocol.ts';
import { epicProtocol } from '../epic/protocol.ts';
import { luxosProtocol } from '../luxos/protocol.ts';
import type { Vendor } from '../physics/models.ts';
import { protoProtocol } from '../proto/protocol.ts';
import { sealminerProtocol } from '../sealminer/protocol.ts';
import { vnishProtocol } from '../vnish/protocol.ts';
import { whatsminerProtocol } from '../whatsminer/protocol.ts';
import type { ProtocolOf } from './protocol.ts';

/** The protocol of each firmware family. */
export const protocols: Readonly<Record<Vendor, ProtocolOf>> = {
  antminer: antminerProtocol,
  whatsminer: whatsminerProtocol,
  avalon: avalonProtocol,
  auradine: auradineProtocol,
  bitaxe: axeosProtocol,
  sealminer: sealminerProtocol,
  elphapex: elphapexProtocol,
  proto: protoProtocol,
  braiins: braiinsProtocol,
  luxos: luxosProtocol,
  vnish: vnishProtocol,
  epic: epicProtocol,
};
