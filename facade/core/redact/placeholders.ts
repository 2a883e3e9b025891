/**
 * Stand-ins for the secrets of one sample: `REDACTED-jwt-1-256` is the first secret, a JWT, of 129 to 256 characters.
 * Equal secrets get equal stand-ins, wherever they stand, so that a difference stays readable. No character needs
 * escaping in URLs, headers, JSON or shells.
 */
export class Placeholders {
  readonly #known = new Map<string, number>();

  text(secret: string, kind: string): string {
    const size = secret.length <= 1 ? secret.length : 2 ** Math.ceil(Math.log2(secret.length));
    return `REDACTED-${kind}-${this.#number(secret)}-${size}`;
  }

  /** A number stays a number, so that no difference of type appears: 9, zeros for as many digits, and which one it is. */
  digits(secret: string): string {
    const which = String(this.#number(secret));
    return `9${which.padStart(secret.replace(/\D/g, '').length - 1, '0')}`;
  }

  #number(secret: string): number {
    const known = this.#known.get(secret) ?? this.#known.size + 1;
    this.#known.set(secret, known);
    return known;
  }
}
