/** What may be held in memory of bodies, over all that are being kept at the moment. */
export class CaptureBudget {
  readonly #limit: number;
  #taken = 0;

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  take(bytes: number): boolean {
    if (this.#taken + bytes > this.#limit) return false;
    this.#taken += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#taken -= bytes;
  }
}
