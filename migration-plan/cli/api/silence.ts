/** A signal that aborts with a TimeoutError when nothing was heard for `ms`. */
export class Silence {
  readonly #controller = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  ms = 0;

  constructor(ms: number) {
    this.begin(ms);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  begin(ms: number): void {
    this.end();
    this.ms = ms;
    this.#timer = setTimeout(
      () => this.#controller.abort(new DOMException('nothing came', 'TimeoutError')),
      ms,
    );
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}
