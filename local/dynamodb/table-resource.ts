import * as z from 'zod';
import type { CreatedResource, ResolvedResource } from '../ports.ts';
import type { Cells } from './cells.ts';
import type { Expiries } from './expiries.ts';
import type { StreamLog } from './stream-log.ts';
import { type TableDefinition, tableDefinition } from './table-description.ts';
import { setGlobalIndexes, setTimeToLive, type Table, type Tables } from './tables.ts';

/** Properties that have an effect here; those without one are named so that a new, unknown one stops the start. */
const properties = z.strictObject({
  ...tableDefinition.shape,
  TableName: tableDefinition.shape.TableName.optional(),
  TimeToLiveSpecification: z
    .object({ AttributeName: z.string().optional(), Enabled: z.union([z.boolean(), z.stringbool()]) })
    .optional(),
  ...Object.fromEntries(
    [
      'BillingMode',
      'ContributorInsightsSpecification',
      'DeletionProtectionEnabled',
      'GlobalTableWitnesses',
      'KinesisStreamSpecification',
      'MultiRegionConsistency',
      'OnDemandThroughput',
      'PointInTimeRecoverySpecification',
      'ProvisionedThroughput',
      'ReadOnDemandThroughputSettings',
      'ReadProvisionedThroughputSettings',
      'Replicas',
      'ResourcePolicy',
      'SSESpecification',
      'TableClass',
      'Tags',
      'WarmThroughput',
      'WriteOnDemandThroughputSettings',
      'WriteProvisionedThroughputSettings',
    ].map((name) => [name, z.unknown().optional()]),
  ),
});

/** Creates the table of `AWS::DynamoDB::GlobalTable` and `::Table`, or brings the stored one up to the template. */
export const tableResource =
  (parts: {
    cells: Cells;
    tables: Tables;
    streams: StreamLog;
    expiries: Expiries;
    log: (line: string) => void;
  }) =>
  (resource: ResolvedResource): CreatedResource => {
    const { cells, tables, streams, expiries, log } = parts;
    const parsed = properties.safeParse(resource.properties);
    if (!parsed.success) {
      const faults = parsed.error.issues
        .map(({ path, message }) => `${path.join('.')} ${message}`.trim())
        .join('; ');
      throw new Error(`${resource.logicalId} (${resource.type}) cannot be created locally: ${faults}`);
    }
    const name = parsed.data.TableName ?? `${resource.stack}-${resource.logicalId}`;
    const wanted = tableDefinition.parse({ ...parsed.data, TableName: name });
    const ttl = parsed.data.TimeToLiveSpecification;
    const attribute = ttl?.Enabled ? ttl.AttributeName : undefined;
    const table = cells.atomically(() => {
      const found = tables.has(name) ? upToDate(tables.get(name), wanted) : tables.create(wanted);
      return found.ttlAttribute === attribute
        ? found
        : setTimeToLive(cells, tables, expiries, found, attribute);
    });
    const { TableArn, TableId, LatestStreamArn } = table.description;
    if (LatestStreamArn) streams.announce(LatestStreamArn);
    return {
      ref: name,
      attributes: { Arn: TableArn, TableId, ...(LatestStreamArn && { StreamArn: LatestStreamArn }) },
    };

    function upToDate(table: Table, definition: TableDefinition): Table {
      const same = (a: unknown, b: unknown) => JSON.stringify(a ?? []) === JSON.stringify(b ?? []);
      const { description } = table;
      const localKeys = (one: Pick<TableDefinition, 'LocalSecondaryIndexes'>) =>
        one.LocalSecondaryIndexes?.map(({ IndexName, KeySchema }) => [IndexName, KeySchema]);
      const types = new Map(
        description.AttributeDefinitions.map((one) => [one.AttributeName, one.AttributeType]),
      );
      const retyped = definition.AttributeDefinitions.some(
        (one) => (types.get(one.AttributeName) ?? one.AttributeType) !== one.AttributeType,
      );
      if (
        !same(description.KeySchema, definition.KeySchema) ||
        !same(localKeys(description), localKeys(definition)) ||
        retyped
      )
        throw new Error(
          `${resource.logicalId}: the keys of the stored table ${name} differ from the template's; start with a fresh state`,
        );
      const indexed = setGlobalIndexes(
        cells,
        tables,
        table,
        definition.AttributeDefinitions,
        definition.GlobalSecondaryIndexes ?? [],
      );
      const view = definition.StreamSpecification?.StreamViewType;
      if (view === description.StreamSpecification?.StreamViewType) return indexed;
      log(`table ${name}: stream ${view ?? 'off'}`);
      return tables.setStream(indexed, definition.StreamSpecification);
    }
  };
