import type { BrowserContext, Page, Request, Response } from 'playwright-core';

/** Everything that a browser was told or asked for; `strays` names what does not belong to the public origin. */
export class NetworkLog {
  readonly #origin: string;
  readonly #strays = new Set<string>();
  readonly #waiting: Promise<void>[] = [];
  readonly #context: BrowserContext;
  requests = 0;
  links = 0;

  constructor(context: BrowserContext, origin: string) {
    this.#context = context;
    this.#origin = origin;
    context.on('request', (request) => this.#see(request));
    context.on('response', (response) => this.#waiting.push(this.#read(response)));
  }

  #see(request: Request): void {
    this.requests += 1;
    this.#check(`request ${request.method()}`, request.url());
  }

  async #read(response: Response): Promise<void> {
    for (const { name, value } of await response.headersArray()) {
      const key = name.toLowerCase();
      if (key === 'location') this.#check(`redirect of ${response.url()} to`, value);
      // a Domain would reach beyond the host that was asked
      if (key === 'set-cookie' && /;\s*domain=/i.test(value))
        this.#strays.add(`cookie of ${response.url()}: ${value}`);
      if (key === 'content-location' || key === 'refresh' || key === 'link')
        this.#check(`${key} of ${response.url()}`, value);
    }
  }

  /** Looks at every link, form, script and style of the page that is shown. */
  async look(page: Page): Promise<void> {
    const links = await page.$$eval('[href], [src], [action]', (elements) =>
      elements.flatMap((element) =>
        ['href', 'src', 'action'].flatMap((name) => element.getAttribute(name) ?? []),
      ),
    );
    this.links += links.length;
    for (const link of links) this.#check(`link on ${page.url()} to`, new URL(link, page.url()).href);
  }

  async strays(): Promise<string[]> {
    await Promise.all(this.#waiting);
    for (const { name, domain } of await this.#context.cookies())
      if (domain !== new URL(this.#origin).hostname) this.#strays.add(`cookie ${name} for ${domain}`);
    return [...this.#strays];
  }

  #check(what: string, url: string): void {
    if (url.startsWith('blob:') || url.startsWith('about:')) return;
    if (new URL(url, this.#origin).origin !== this.#origin) this.#strays.add(`${what} ${url}`);
  }
}
