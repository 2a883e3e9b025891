// A Jest transformer: the source as it is, but for one file of one mutant. Jest loads it as it stands, so it is no .ts.
import swc from '@swc/jest';

// biome-ignore lint/style/noDefaultExport: Jest asks for it
export default {
  /** `mutant`: null for the program as it is, else with the `path` of its file. `swc`: options of @swc/jest. */
  createTransformer({ mutant, swc: options }) {
    const inner = swc.createTransformer(options);
    const planted = (source, path) =>
      path === mutant?.path ? source.replace(mutant.find, () => mutant.replace) : source;
    return {
      getCacheKey: (source, path, more) => inner.getCacheKey(planted(source, path), path, more),
      process: (source, path, more) => inner.process(planted(source, path), path, more),
      processAsync: (source, path, more) => inner.processAsync(planted(source, path), path, more),
    };
  },
};
