/** Runs the tests of our Triton models: they are Python, and Debian's own is used for them, because Triton's image brings another again. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installPackages } from '@centralita/provision/packages.ts';
import { runProgram } from './test-step.ts';
import { tallyPytest } from './test-tally.ts';
import type { Tally } from './test-tally.ts';

/** Not whichever comes first in PATH: a version manager's Python does not see Debian's packages. */
const PYTHON = '/usr/bin/python3';
const TESTS = 'inference/models/tests';

/** What the tests import or run -> the Debian package that brings it. */
const MODULES = {
  pytest: 'python3-pytest',
  numpy: 'python3-numpy',
  grpc: 'python3-grpcio',
  'google.protobuf': 'python3-protobuf',
} as const;
const PROGRAMS = { [PYTHON]: 'python3', protoc: 'protobuf-compiler' } as const;

/** Debian packages that the tests need and this machine lacks. */
function missingPackages(): readonly string[] {
  const programs = Object.entries(PROGRAMS).filter(([program]) => spawnSync(program, ['--version']).error !== undefined);
  const modules = Object.entries(MODULES).filter(([module]) => spawnSync(PYTHON, ['-c', `import ${module}`]).status !== 0);
  return [...programs, ...modules].map(([, packageName]) => packageName);
}

/** Installs what is missing, which needs root, and runs every test. */
export async function runPythonTests(): Promise<Tally> {
  const missing = missingPackages();
  if (missing.length > 0) {
    if (process.getuid?.() !== 0)
      throw new Error(`the tests of inference/models need Debian's packages: apt-get install ${missing.join(' ')}`);
    console.log(`installing ${missing.join(', ')} with apt-get`);
    await installPackages(missing);
  }
  const folder = await mkdtemp(join(tmpdir(), 'centralita-pytest-'));
  try {
    const file = join(folder, 'report.xml');
    const exitCode = await runProgram([PYTHON, '-B', '-m', 'pytest', '-q', '-p', 'no:cacheprovider', `--junitxml=${file}`, TESTS]);
    return tallyPytest(await readFile(file, 'utf8').catch(() => ''), exitCode);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
