// What the gateway can serve, a line each; `fig new` adds to it.
export { freelancers } from './freelancers/feature.ts';
export { timesheets } from './timesheets/feature.ts';
