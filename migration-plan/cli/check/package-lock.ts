type LockedPackage = {
  version: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
};

export type PackageLock = { packages: Record<string, LockedPackage> };

const OS: Readonly<Record<string, string>> = { windows: 'win32' };
const SYSTEMS = [
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'aix',
  'win32',
  'windows',
];
const PROCESSORS = ['arm64', 'x64', 'ia32', 'arm', 'ppc64', 'riscv64', 's390x', 'loong64', 'wasm32'];

/**
 * Packages for other platforms that a lock file lacks, as entries to add.
 *
 * npm leaves an optional package out of the lock when the registry in use does not have it (a mirror that lags or
 * holds one platform), and then `npm ci` refuses the lock as out of sync, on every machine. What is added names
 * version and platform; without an integrity npm trusts the registry for it.
 */
export function missingPlatformPackages(lock: PackageLock): Record<string, LockedPackage> {
  const missing: Record<string, LockedPackage> = {};
  for (const [path, { optionalDependencies = {}, dev }] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      if (isLocked(lock, path, name) || !/^\d/.test(version)) continue;
      const words = name.split(/[/-]/);
      const os = words.find((word) => SYSTEMS.includes(word));
      const cpu = words.find((word) => PROCESSORS.includes(word));
      const libc = words.some((word) => word.startsWith('musl'))
        ? 'musl'
        : words.includes('gnu')
          ? 'glibc'
          : undefined;
      missing[`node_modules/${name}`] = {
        version,
        ...(cpu ? { cpu: [cpu] } : {}),
        ...(dev ? { dev } : {}),
        ...(libc && os === 'linux' ? { libc: [libc] } : {}),
        optional: true,
        ...(os ? { os: [OS[os] ?? os] } : {}),
      };
    }
  }
  return missing;
}

/** Node's look-up: beside the package, then in every folder above it. */
function isLocked(lock: PackageLock, path: string, name: string): boolean {
  for (let folder = path; ; ) {
    if (lock.packages[folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`]) return true;
    if (folder === '') return false;
    const above = folder.lastIndexOf('/node_modules/');
    folder = above === -1 ? '' : folder.slice(0, above);
  }
}
