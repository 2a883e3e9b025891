/** The two sides of every route. */
export type Party = 'legacy' | 'candidate';
