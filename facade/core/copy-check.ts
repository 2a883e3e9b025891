/** Whether the rows of a data set stand in the candidate's store, so that its answers can be the right ones. */
export type CopyCheck = (set: string) => Promise<{ copied: true } | { copied: false; detail: string }>;
