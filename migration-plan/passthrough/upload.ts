import type { RawRequest } from './raw-exchange.ts';

/** A form with one file in it, as browsers send it. */
export function upload(bytes: Buffer, name: string): Pick<RawRequest, 'headers' | 'body'> {
  const head = `--grenze\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: text/plain\r\n\r\n`;
  return {
    headers: [['Content-Type', 'multipart/form-data; boundary=grenze']],
    body: Buffer.concat([Buffer.from(head), bytes, Buffer.from('\r\n--grenze--\r\n')]),
  };
}
