import { Logger } from '@aws-lambda-powertools/logger';

/**
 * The function's logger. Log ids, counts and codes; never a whole event, an address, a credential or a token.
 * The service name comes from POWERTOOLS_SERVICE_NAME, the level from POWERTOOLS_LOG_LEVEL.
 */
export const logger = new Logger();
