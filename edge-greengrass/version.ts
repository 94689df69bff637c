declare const __EDGE_VERSION__: string | undefined;

/** What build.ts was told; `0.0.0` runs from the sources. */
export const edgeVersion = typeof __EDGE_VERSION__ === 'string' ? __EDGE_VERSION__ : '0.0.0';
