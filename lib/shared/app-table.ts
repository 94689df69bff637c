import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, Billing, type GlobalSecondaryIndexPropsV2, StreamViewType, TableEncryptionV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';

export type AppTableProps = {
  readonly key?: IKey;
  readonly stream?: boolean;
  /** Global secondary indexes: name, and the attributes of its keys (both strings). */
  readonly indexes?: readonly { readonly name: string; readonly pk: string; readonly sk: string }[];
};

/**
 * A context's table: string keys `pk` and `sk`, on demand, point-in-time recovery, deletion protection, TTL on the
 * attribute `ttl` (whole seconds). Reads must filter on time too: TTL may lag by two days.
 */
export class AppTable extends TableV2 {
  constructor(scope: Construct, id: string, { key, stream, indexes }: AppTableProps = {}) {
    super(scope, id, {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      billing: Billing.onDemand(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
      timeToLiveAttribute: 'ttl',
      ...(key && { encryption: TableEncryptionV2.customerManagedKey(key) }),
      ...(stream && { dynamoStream: StreamViewType.NEW_AND_OLD_IMAGES }),
      globalSecondaryIndexes: (indexes ?? []).map(
        ({ name, pk, sk }): GlobalSecondaryIndexPropsV2 => ({
          indexName: name,
          partitionKey: { name: pk, type: AttributeType.STRING },
          sortKey: { name: sk, type: AttributeType.STRING },
        }),
      ),
    });
  }
}
