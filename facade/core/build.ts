/** Names of builds are cut to this: each is an identity, not a document. */
export const MAX_BUILD_LENGTH = 200;
