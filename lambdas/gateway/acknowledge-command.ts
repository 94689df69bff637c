import type { CommandResponse } from '../../contracts/command.ts';
import type { Device } from '../../contracts/gateway-keys.ts';
import { fail, type Result, succeed } from '../shared/result.ts';

export type AcknowledgeDeps = {
  readonly readCommand: (
    siteId: number,
    commandId: string,
  ) => Promise<{ readonly gatewayId: string; readonly envelope?: object | undefined } | undefined>;
  readonly recordResponse: (received: {
    readonly siteId: number;
    readonly gatewayId: string;
    readonly response: CommandResponse;
  }) => Promise<unknown>;
};

/**
 * Takes a gateway's answer to a command, to the same end as one over MQTT. A command that this gateway was not sent is not found: what
 * others are sent is not its business.
 */
export const acknowledgeCommand =
  ({ readCommand, recordResponse }: AcknowledgeDeps) =>
  async (
    { siteId, gatewayId }: Device,
    commandId: string,
    response: CommandResponse,
  ): Promise<Result<{ command_id: string; recorded: true }>> => {
    if (response.commandId !== commandId)
      return fail('validation_failed', 'commandId must be the one of the path');
    if (response.siteId !== siteId || response.gatewayId !== gatewayId)
      return fail('forbidden', 'A gateway answers in its own name only');
    const command = await readCommand(siteId, commandId);
    if (command?.gatewayId !== gatewayId || !command.envelope) return fail('not_found', 'Command not found');
    await recordResponse({ siteId, gatewayId, response });
    return succeed({ command_id: commandId, recorded: true });
  };
