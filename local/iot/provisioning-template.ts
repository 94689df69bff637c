import * as z from 'zod';

const reference = z.union([z.string(), z.strictObject({ Ref: z.string() })]);
type Reference = z.infer<typeof reference>;

const thing = z.strictObject({
  Type: z.literal('AWS::IoT::Thing'),
  // What becomes of a thing that is there already must be said: the default differs between documents of AWS.
  OverrideSettings: z.strictObject({ AttributePayload: z.enum(['DO_NOTHING', 'REPLACE', 'MERGE', 'FAIL']) }),
  Properties: z.strictObject({
    ThingName: reference,
    AttributePayload: z.record(z.string(), reference).default({}),
  }),
});
const certificate = z.strictObject({
  Type: z.literal('AWS::IoT::Certificate'),
  Properties: z.strictObject({
    CertificateId: z.strictObject({ Ref: z.literal('AWS::IoT::Certificate::Id') }),
    Status: z.enum(['Active', 'Inactive']).default('Active'),
  }),
});
const policy = z.strictObject({
  Type: z.literal('AWS::IoT::Policy'),
  Properties: z.strictObject({ PolicyName: reference }),
});

const templateBody = z.strictObject({
  Parameters: z.record(
    z.string(),
    z.strictObject({ Type: z.literal('String'), Default: z.string().optional() }),
  ),
  Resources: z.record(z.string(), z.discriminatedUnion('Type', [thing, certificate, policy])),
  DeviceConfiguration: z.record(z.string(), reference).default({}),
});

/** What a template makes of a device's parameters. */
export type Provisioned = {
  readonly thingName: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly whenThere: 'DO_NOTHING' | 'REPLACE' | 'MERGE' | 'FAIL';
  readonly isActive: boolean;
  readonly policies: readonly string[];
  readonly deviceConfiguration: Readonly<Record<string, string>>;
};

/**
 * A fleet provisioning template as far as it is used: one thing, one certificate, policies by name. Throws on what else it holds.
 * The result throws Error where a parameter is missing or unknown.
 */
export const readTemplate = (text: string) => {
  const { Parameters, Resources, DeviceConfiguration } = templateBody.parse(JSON.parse(text));
  const all = Object.values(Resources);
  const [wanted, another] = all.filter((one) => one.Type === 'AWS::IoT::Thing');
  const [cert] = all.filter((one) => one.Type === 'AWS::IoT::Certificate');
  if (!wanted || another || !cert) throw new Error('a template names one thing and one certificate');
  const policies = all.filter((one) => one.Type === 'AWS::IoT::Policy');
  return (given: Readonly<Record<string, string>>): Provisioned => {
    const textOf = (one: Reference): string => {
      if (typeof one === 'string') return one;
      const declared = Object.hasOwn(Parameters, one.Ref) ? Parameters[one.Ref] : undefined;
      const value = Object.hasOwn(given, one.Ref) ? given[one.Ref] : declared?.Default;
      if (!declared || value === undefined) throw new Error(`the parameter ${one.Ref} has no value`);
      return value;
    };
    const textsOf = (record: Readonly<Record<string, Reference>>) =>
      Object.fromEntries(Object.entries(record).map(([key, one]) => [key, textOf(one)]));
    return {
      thingName: textOf(wanted.Properties.ThingName),
      attributes: textsOf(wanted.Properties.AttributePayload),
      whenThere: wanted.OverrideSettings.AttributePayload,
      isActive: cert.Properties.Status === 'Active',
      policies: policies.map(({ Properties }) => textOf(Properties.PolicyName)),
      deviceConfiguration: textsOf(DeviceConfiguration),
    };
  };
};
