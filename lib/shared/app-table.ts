import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, StreamViewType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
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
 * attribute `ttl` (whole seconds). Reads must filter on time too: TTL may lag by two days. (Not TableV2: with a
 * customer's key that one needs a region at synthesis.)
 */
export class AppTable extends Table {
  constructor(scope: Construct, id: string, { key, stream, indexes }: AppTableProps = {}) {
    super(scope, id, {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
      timeToLiveAttribute: 'ttl',
      ...(key && { encryption: TableEncryption.CUSTOMER_MANAGED, encryptionKey: key }),
      ...(stream && { stream: StreamViewType.NEW_AND_OLD_IMAGES }),
    });
    for (const { name, pk, sk } of indexes ?? [])
      this.addGlobalSecondaryIndex({
        indexName: name,
        partitionKey: { name: pk, type: AttributeType.STRING },
        sortKey: { name: sk, type: AttributeType.STRING },
      });
  }
}
