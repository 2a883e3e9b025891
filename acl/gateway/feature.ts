import type { Express } from 'express';
import type { HttpClient } from '../gateway-kit/http-client.ts';
import type { IdentityBridge } from '../gateway-kit/identity.ts';

type FeatureParts = {
  /** The new service of this feature, asked with the services' token. */
  readonly service: HttpClient;
  readonly identity: IdentityBridge;
  /** The monolith, for what the feature needs of contexts that have not moved; asked with the caller's own cookie. */
  readonly legacy: HttpClient;
};

/** A part of the legacy contract that a new service answers by now. */
export type Feature = {
  /** The variable that says where its service is; the gateway serves the features whose variable is set. */
  readonly variable: string;
  /** Puts its endpoints onto the app; the body of a request is read already. */
  readonly mount: (app: Express, parts: FeatureParts) => void;
};
