import { apiHandler } from '../shared/api-handler.ts';
import { advisorRoutes } from './api.ts';
import { advisorHandlers } from './bind-api.ts';
import { apiDeps } from './wiring.ts';

export const handler = apiHandler(advisorRoutes, advisorHandlers(apiDeps()));
