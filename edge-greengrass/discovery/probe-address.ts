import { answerEnd } from '../io/answer-end.ts';
import { type Heard, type ReadSomeLimits, readSome } from './read-some.ts';
import { type Signature, signatureOfPage, signatureOfRpc, strongest } from './signatures.ts';
import { isWholePage, pageOf, webRequest } from './web-page.ts';

/** The vendors' ports, and where they are reached instead where somebody forwards them. */
export type ProbePorts = { readonly rpc: number; readonly http: number; readonly whatsminerV3: number };
export const vendorPorts: ProbePorts = { rpc: 4028, http: 80, whatsminerV3: 4433 };

export type ProbeLimits = ReadSomeLimits & {
  /** How long a stock answer waits for firmware that replaced it to show itself. */
  readonly otherwiseMs: number;
  /** For everything about the address. */
  readonly addressMs: number;
};

/** `nothing`: no port accepts. `other`: something answers that is no miner known here. `starved`: ask again later. */
export type Probed =
  | { readonly kind: 'nothing' | 'starved' }
  | { readonly kind: 'other' }
  | ({ readonly kind: 'miner' } & Signature);

const rpcCommand = (command: string) => JSON.stringify({ command });
/** API 3 of Whatsminer: a length of four bytes, little-endian, then JSON (docs.rs/matroskin). */
const v3Frame = (request: unknown) => {
  const body = Buffer.from(JSON.stringify(request), 'utf8');
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length);
  return Buffer.concat([length, body]);
};
const isWholeFrame = (bytes: Buffer) => bytes.length >= 4 && bytes.length >= 4 + bytes.readUInt32LE(0);
const isWholeRpc = (bytes: Buffer) =>
  answerEnd(bytes) !== undefined || (bytes[0] === 0x48 && isWholePage(bytes));

/** Pages that say who it is where the first page is a script that does not: AxeOS, Proto, VNish. */
const tellingPages = ['/api/system/info', '/api/v1/system', '/api/v1/info'] as const;

/**
 * Asks one address who it is, on at most two connections at a time: the web server's first page, and on the RPC port one question after the
 * other, because an Avalon takes no two at once. Firmware that replaced the maker's ends the matter; a maker's answer waits for the other
 * port, at most `otherwiseMs`. Never rejects.
 */
export const probeAddress = async (
  host: string,
  ports: ProbePorts,
  limits: ProbeLimits,
  signal: AbortSignal,
): Promise<Probed> => {
  const found: Signature[] = [];
  const heard: { web: Heard; rpc: Heard } = { web: { kind: 'silent' }, rpc: { kind: 'silent' } };
  const settled = new AbortController();
  const until = settled.signal;
  const settle = () => settled.abort();
  const overdue = setTimeout(settle, limits.addressMs);
  signal.addEventListener('abort', settle, { once: true });
  let waiting: NodeJS.Timeout | undefined;

  const note = (signature: Signature | undefined) => {
    if (!signature) return false;
    found.push(signature);
    if (!signature.stock) settle();
    else waiting ??= setTimeout(settle, limits.otherwiseMs);
    return true;
  };
  const page = async (port: number, path: string) => {
    const said = await readSome({ host, port }, webRequest(host, path), limits, isWholePage, until);
    return { heard: said, page: said.kind === 'open' ? pageOf(said.bytes) : undefined };
  };
  const say = async (command: string) => {
    const said = await readSome({ host, port: ports.rpc }, rpcCommand(command), limits, isWholeRpc, until);
    return { heard: said, text: said.kind === 'open' ? said.bytes.toString('utf8') : '' };
  };

  const web = async () => {
    const first = await page(ports.http, '/');
    heard.web = first.heard;
    if (!first.page || note(signatureOfPage(first.page))) return;
    const onward = /^\/[^/]/.test(first.page.location) ? first.page.location : undefined;
    if (!onward) return;
    const next = await page(ports.http, onward);
    if (next.page) note(signatureOfPage(next.page));
  };
  const rpc = async () => {
    const first = await say('version');
    heard.rpc = first.heard;
    if (first.heard.kind !== 'open') return;
    // ePIC has its web interface on the port where others have their RPC (epicblockchain/epic-dashboard): JSON alone is no request to it.
    if (first.text === '' || first.text.startsWith('HTTP/1')) {
      const capabilities = await page(ports.rpc, '/capabilities');
      const isEpic = capabilities.page?.status === 200 && capabilities.page.body.includes('"Model"');
      if (isEpic) note({ family: 'epic', stock: false });
      return;
    }
    if (note(signatureOfRpc(first.text))) return;
    // `version` is not among a Whatsminer's commands.
    if (note(signatureOfRpc((await say('devdetails')).text))) return;
    note(signatureOfRpc((await say('get_version')).text));
  };
  /** For what answers and has not said who it is. */
  const further = async () => {
    if (heard.web.kind === 'open' && pageOf(heard.web.bytes)?.status === 200)
      for (const path of tellingPages) {
        const { page: told } = await page(ports.http, path);
        if (told?.status === 200 && note(signatureOfPage(told))) return;
      }
    const asked = v3Frame({ cmd: 'get.device.info', param: 'miner' });
    const said = await readSome({ host, port: ports.whatsminerV3 }, asked, limits, isWholeFrame, until);
    if (said.kind === 'open' && /"(?:code|msg)"/.test(said.bytes.toString('utf8')))
      note({ family: 'whatsminer', stock: true });
  };

  if (signal.aborted) settle();
  await Promise.all([web(), rpc()]);
  const answers = heard.web.kind === 'open' || heard.rpc.kind === 'open';
  if (answers && found.length === 0) await further();
  clearTimeout(waiting);
  clearTimeout(overdue);
  signal.removeEventListener('abort', settle);
  const best = strongest(found);
  if (best) return { kind: 'miner', ...best };
  if (answers) return { kind: 'other' };
  const starved = heard.web.kind === 'starved' || heard.rpc.kind === 'starved';
  return { kind: starved ? 'starved' : 'nothing' };
};
