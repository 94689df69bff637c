import * as z from 'zod';
import { noEffect, readProperties } from '../cloudformation/properties.ts';
import type { ResolvedResource, ResourceHandlers } from '../ports.ts';
import { physicalName } from '../shared/physical-name.ts';

const parameterProperties = z.strictObject({
  Name: z.string().optional(),
  Type: z.enum(['String', 'StringList']),
  Value: z.string(),
  Description: noEffect,
  Tier: noEffect,
  Tags: noEffect,
  AllowedPattern: noEffect,
});

/** Parameters that stacks write for each other: their value is read by Fn::GetAtt. Functions cannot ask for them at run time. */
export const parameterHandlers: ResourceHandlers = {
  'AWS::SSM::Parameter': (resource: ResolvedResource) => {
    const { Name, Type, Value } = readProperties(resource, parameterProperties);
    return { ref: Name ?? physicalName(resource, 512), attributes: { Type, Value } };
  },
};
