const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
/** What XML 1.0 has no way to write. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out.
const NOT_IN_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Cs}/gu;

/** Text for XML and HTML, in elements and attributes. SECURITY: everything shown comes from requests and answers. */
export function escapeMarkup(text: string): string {
  return text.replace(NOT_IN_XML, '\ufffd').replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}

/** The same, where a line may end behind what divides paths, URLs and JSON; who copies the text copies nothing more. */
export function breakable(text: string): string {
  return escapeMarkup(
    text.replace(/(?<=[/,?&=\]]|(?<!\$)\.|(?<!\/):)(?=[\p{L}$[{"%:])/gu, '\ufdd0'),
  ).replaceAll('\ufdd0', '<wbr>');
}
