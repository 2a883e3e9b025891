import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type Certificate = {
  readonly cert: string;
  readonly key: string;
  readonly certFile: string;
  readonly keyFile: string;
};

/** Whether certificates can be made on this machine. */
export function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** An authority of its own, in a temporary folder. */
export class Authority {
  readonly #folder = mkdtempSync(join(tmpdir(), 'fig-authority-'));
  readonly caFile = join(this.#folder, 'ca.crt');
  readonly ca: string;
  #issued = 0;

  constructor() {
    const subject = ['-days', '2', '-subj', '/CN=Authority of a test'];
    openssl('req', '-x509', ...KEY, '-keyout', join(this.#folder, 'ca.key'), '-out', this.caFile, ...subject);
    this.ca = readFileSync(this.caFile, 'utf8');
  }

  /** A certificate for names such as `DNS:catalog.internal` and `IP:127.0.0.1`; with -1 days it has expired. */
  issue(names: string[], days = 2): Certificate {
    const path = (ending: string) => join(this.#folder, `${this.#issued}.${ending}`);
    this.#issued++;
    const named = ['-subj', '/CN=issued', '-addext', `subjectAltName=${names.join(',')}`];
    openssl('req', '-new', ...KEY, '-keyout', path('key'), '-out', path('csr'), ...named);
    const authority = [
      '-CA',
      this.caFile,
      '-CAkey',
      join(this.#folder, 'ca.key'),
      '-copy_extensions',
      'copy',
    ];
    openssl('x509', '-req', '-in', path('csr'), '-out', path('crt'), ...authority, '-days', String(days));
    const [certFile, keyFile] = [path('crt'), path('key')];
    return { certFile, keyFile, cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
  }

  /** Puts another certificate into the files of one, as a renewal does. */
  renew(certificate: Certificate, by: Certificate): void {
    writeFileSync(certificate.certFile, by.cert);
    writeFileSync(certificate.keyFile, by.key);
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
