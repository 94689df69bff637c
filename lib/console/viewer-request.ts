/** What a CloudFront function sees of a viewer's request, as far as ours use it. */
type ViewerRequest = {
  readonly request: { uri: string; readonly headers: Record<string, { value: string } | undefined> };
};

/**
 * The console's own paths all get its one page; files (whose last segment has a dot) are fetched as they are. Not an
 * error page, because that would also replace the API's answers.
 */
export function servePage({ request }: ViewerRequest) {
  const last = request.uri.slice(request.uri.lastIndexOf('/') + 1);
  if (last.indexOf('.') < 0) request.uri = '/index.html';
  return request;
}

/**
 * Tells the API by which name the browser called it, since its own name differs: it compares this with the Origin of
 * every change. A name that the viewer claims is replaced.
 */
export function forwardHost({ request }: ViewerRequest) {
  request.headers['x-forwarded-host'] = { value: request.headers.host?.value ?? '' };
  return request;
}

/** The function as CloudFront runs it. It must stand by itself: no imports, nothing from outside its body. */
export const toCloudFrontCode = (run: (event: ViewerRequest) => unknown) =>
  `function handler(event) { return (${run.toString()})(event); }`;
