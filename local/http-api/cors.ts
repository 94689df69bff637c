export type Cors = {
  readonly AllowOrigins: readonly string[];
  readonly AllowMethods: readonly string[];
  readonly AllowHeaders: readonly string[];
  readonly ExposeHeaders: readonly string[];
  readonly AllowCredentials: boolean;
  readonly MaxAge: number;
};

/** The headers that API Gateway adds for an allowed origin; none for another one. */
export const corsHeaders = (cors: Cors, origin: string | undefined): Record<string, string> => {
  if (!origin || !(cors.AllowOrigins.includes('*') || cors.AllowOrigins.includes(origin))) return {};
  return {
    'access-control-allow-origin': cors.AllowOrigins.includes('*') && !cors.AllowCredentials ? '*' : origin,
    ...(cors.AllowMethods.length > 0 && { 'access-control-allow-methods': cors.AllowMethods.join(',') }),
    ...(cors.AllowHeaders.length > 0 && { 'access-control-allow-headers': cors.AllowHeaders.join(',') }),
    ...(cors.ExposeHeaders.length > 0 && { 'access-control-expose-headers': cors.ExposeHeaders.join(',') }),
    ...(cors.AllowCredentials && { 'access-control-allow-credentials': 'true' }),
    ...(cors.MaxAge > 0 && { 'access-control-max-age': String(cors.MaxAge) }),
  };
};
