const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#13;',
};
const escapeText = (text: string) => text.replace(/[&<>"\r]/g, (one) => entities[one] ?? one);

type Content = string | number | boolean | Xml | readonly Xml[] | undefined;
/** Element names to what is in them; a list repeats the element. */
export type Xml = { readonly [name: string]: Content };

const element = (name: string, content: Content): string => {
  if (content === undefined) return '';
  if (Array.isArray(content)) return content.map((one) => element(name, one)).join('');
  const inner =
    typeof content === 'object'
      ? Object.entries(content)
          .map(([inside, value]) => element(inside, value))
          .join('')
      : escapeText(String(content));
  return `<${name}>${inner}</${name}>`;
};

/** A document of one root element. */
export const xmlDocument = (root: string, content: Xml) =>
  `<?xml version="1.0" encoding="UTF-8"?>\n${element(root, content)}`;

const unescapeText = (text: string) =>
  text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(amp|lt|gt|quot|apos));/gi, (whole, hex, decimal, name) =>
    name
      ? ({ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }[String(name)] ?? whole)
      : String.fromCodePoint(Number.parseInt(hex ?? decimal, hex ? 16 : 10)),
  );

/** The texts of every element of a name, in order; for the one request that S3 takes as XML. */
export const textsOf = (name: string, xml: string) =>
  [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map(([, text = '']) => unescapeText(text));
