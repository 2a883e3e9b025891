import type { Route } from '#plan/model/plan.ts';
import { type EndpointTemplates, learnTemplates } from '../../core/compare/index.ts';
import { type Epoch, Tally } from '../../core/guardrail/tally.ts';
import { Observations } from '../../core/observation/observations.ts';
import { isGone, type Mixed, type RouteObserved } from '../../core/observation/observations-view.ts';
import { describeStep } from '../../core/position.ts';
import { UNCOMPARED } from '../../core/shadow/fate.ts';
import type { Snapshot } from '../../core/snapshot.ts';
import type { ShadowSink, SinkOf } from './shadow-sink.ts';

export type ObservationBookOptions = {
  readonly nowMs: () => number;
  readonly random: () => number;
};

/** Pages of a route that are kept beside the one that is written on. */
const KEPT = 3;

/**
 * What this process observes, by route. Another form of a route, or another build of its candidate, begins a new page; a
 * step to another stage begins a new tally on the same page. While two builds take turns behind one address, each has its
 * own page; the latest few are kept. A page on which another build has answered as well is begun anew once that is gone.
 */
export class ObservationBook {
  readonly #options: ObservationBookOptions;
  readonly #pages = new Map<string, Page>();
  /** Those that may come again, the latest last. */
  readonly #turned = new Map<string, Page[]>();

  constructor(snapshot: Snapshot, options: ObservationBookOptions) {
    this.#options = options;
    this.apply(snapshot);
  }

  apply(snapshot: Snapshot): void {
    for (const pages of [this.#pages, this.#turned])
      for (const name of pages.keys()) if (!snapshot.states.has(name)) pages.delete(name);
    for (const [name, { route, position }] of snapshot.states) {
      const build = snapshot.builds.get(route.candidate) ?? null;
      const page = this.#pages.get(name);
      const epoch = {
        sinceMs: position?.sinceMs ?? 0,
        stage: position ? describeStep(position) : 'legacy',
        build,
        hash: route.hash,
      };
      if (page?.isOf(route, build)) page.enter(epoch, route);
      else this.#turn(name, page, route, epoch);
    }
  }

  #turn(name: string, page: Page | undefined, route: Route, epoch: Epoch): void {
    const turned = (this.#turned.get(name) ?? []).concat(page ?? []);
    const known = turned.find((one) => one.isOf(route, epoch.build));
    known?.enter(epoch, route);
    this.#pages.set(name, known ?? new Page(route, epoch, this.#options));
    this.#turned.set(name, turned.filter((one) => one !== known && one.isFormOf(route)).slice(-KEPT));
  }

  readonly sinkOf: SinkOf = (route) => {
    const page = this.#pageOf(route.name);
    if (page) return page;
    // A request that was decided on a plan which has gone meanwhile.
    const epoch = { sinceMs: 0, stage: 'legacy', build: null, hash: route.hash };
    return new Page(route, epoch, this.#options);
  };

  #pageOf(name: string): Page | undefined {
    const page = this.#pages.get(name);
    if (!page?.isSettled()) return page;
    const anew = page.anew();
    this.#pages.set(name, anew);
    return anew;
  }

  /** The page of each route as it stands. */
  pages(): { route: string; observations: Observations }[] {
    return [...this.#pages].map(([route, { observations }]) => ({ route, observations }));
  }

  observed(): RouteObserved[] {
    for (const name of this.#pages.keys()) this.#pageOf(name);
    return [...this.#pages.values(), ...[...this.#turned.values()].flat()].map((page) => page.toJSON());
  }
}

class Page implements ShadowSink {
  readonly #options: ObservationBookOptions;
  readonly #hash: string;
  readonly #build: string | null;
  readonly #name: string;
  readonly observations: Observations;
  readonly #templates: EndpointTemplates;
  #route: Route;
  #tally: Tally;
  #mixed: Mixed | null = null;

  constructor(route: Route, epoch: Epoch, options: ObservationBookOptions) {
    this.#options = options;
    this.#name = route.name;
    this.#hash = route.hash;
    this.#build = epoch.build;
    this.#route = route;
    // What lies below a `*rest` the plan does not say.
    this.#templates = learnTemplates({ known: route.match.filter(({ pattern }) => !pattern.includes('*')) });
    this.observations = new Observations(options.nowMs());
    this.#tally = new Tally(epoch, route.guardrails.windowMs);
  }

  isOf({ hash }: Route, build: string | null): boolean {
    return this.#hash === hash && this.#build === build;
  }

  isFormOf({ hash }: Route): boolean {
    return this.#hash === hash;
  }

  enter(epoch: Epoch, route: Route): void {
    this.#route = route;
    const known = this.#tally.epoch;
    if (known.sinceMs === epoch.sinceMs && known.stage === epoch.stage) return;
    this.#tally = new Tally(epoch, route.guardrails.windowMs);
  }

  /** Another build had answered, and is gone. */
  isSettled(): boolean {
    return this.#mixed !== null && isGone(this.#mixed, this.#options.nowMs());
  }

  anew(): Page {
    return new Page(this.#route, this.#tally.epoch, this.#options);
  }

  named: ShadowSink['named'] = (build) => {
    if (build !== this.#build) this.#mixed = { build, atMs: this.#options.nowMs() };
  };

  fate: ShadowSink['fate'] = (fate) => this.observations.fate(fate);
  failed: ShadowSink['failed'] = () => {
    this.observations.failed();
    this.#tally.uncompared(this.#options.nowMs());
  };
  missed: ShadowSink['missed'] = () => this.#tally.uncompared(this.#options.nowMs());
  discarded: ShadowSink['discarded'] = (reason) => {
    this.observations.discarded(reason);
    // They did differ: whoever passes over that would pass over every fault that shows only beside writes.
    if (reason === 'unsettled') this.#tally.compared('doubtful', this.#options.nowMs());
    else if (UNCOMPARED.has(reason)) this.#tally.uncompared(this.#options.nowMs());
  };

  compared: ShadowSink['compared'] = (compared) => {
    const nowMs = this.#options.nowMs();
    // While a second answer was waited for, its endpoint may have become one with others.
    const endpoint = this.#templates.folds > 0 ? this.#renamed(compared.endpoint) : compared.endpoint;
    const { outcome, isSure } = this.observations.compared({ ...compared, endpoint }, nowMs);
    // Without second asks there is nothing to be learned, and each mismatch is one.
    const isEvidence = isSure || this.#route.shadow.noiseRatio === 0;
    this.#tally.compared(outcome === 'mismatch' && !isEvidence ? 'doubtful' : outcome, nowMs);
  };

  endpointOf: ShadowSink['endpointOf'] = (method, pattern, path) => {
    if (!pattern.includes('*')) return `${method} ${pattern}`;
    const { folds } = this.#templates;
    const template = this.#templates.templateOf(path);
    // What was a page of its own until now is one of many.
    if (this.#templates.folds > folds) this.observations.rename((endpoint) => this.#renamed(endpoint));
    return `${method} ${template}`;
  };

  #renamed(endpoint: string): string {
    const space = endpoint.indexOf(' ');
    const path = endpoint.slice(space + 1);
    return path.startsWith('/')
      ? `${endpoint.slice(0, space)} ${this.#templates.templateOf(path)}`
      : endpoint;
  }

  knows: ShadowSink['knows'] = (endpoint, difference) => this.observations.knows(endpoint, difference);

  explains: ShadowSink['explains'] = (endpoint, differences) =>
    this.observations.noise.explains(endpoint, differences);

  wantsRepeat: ShadowSink['wantsRepeat'] = (endpoint, findings) =>
    this.observations.noise.wantsRepeat(
      endpoint,
      this.#route.shadow.noiseRatio,
      this.#options.random(),
      findings,
    );

  answered: ShadowSink['answered'] = (party, failed, ms) =>
    this.#tally.answered(party, failed, ms, this.#options.nowMs());

  toJSON(): RouteObserved {
    return {
      route: this.#name,
      hash: this.#hash,
      build: this.#build,
      observations: this.observations.toJSON(),
      tally: this.#tally.toJSON(),
      ...(this.#mixed ? { mixed: this.#mixed } : {}),
    };
  }
}
