/** A write as the store itself noted it, in the write's own transaction. */
export type Noted = {
  readonly key: number;
  readonly token: string;
  /** False: the relay carried it here. */
  readonly isOwn: boolean;
};

/** A change of the owner row, with the number of own writes that this store had taken by then. */
export type Flip = { readonly owner: string; readonly epoch: number; readonly ownWrites: number };

export type Row = {
  readonly notes: string;
  readonly name: string;
  readonly rateCents: number;
  readonly status: string;
  readonly isRemoved: boolean;
};

/** What is noted in a store by triggers of the soak, beside the product's own; they take no lock that the gates lack. */
export type StoreAudit = {
  /** Makes the triggers; the owner row must be there. */
  install(): Promise<void>;
  owner(): Promise<{ readonly owner: string; readonly epoch: number }>;
  flips(): Promise<Flip[]>;
  noted(): Promise<Noted[]>;
  ownWrites(): Promise<number>;
  rows(): Promise<Map<number, Row>>;
  /** Entries that wait to be carried to the other store; marks left out. */
  waiting(): Promise<number>;
  close(): Promise<void>;
};
