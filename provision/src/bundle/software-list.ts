/** What is in a bundle, as software bills of materials in CycloneDX's form: the npm packages and the Debian packages of the private root. */
import { randomUUID } from 'node:crypto';
import { runCommand } from '#command.ts';

/** Of the lock file's packages, by npm itself. */
export async function listNpmPackages(tree: string, signal: AbortSignal): Promise<string> {
  const argv = ['npm', 'sbom', '--sbom-format=cyclonedx', '--package-lock-only'];
  const chunks: string[] = [];
  // More than an error message keeps.
  await runCommand(argv, { cwd: tree, signal, onOutput: (text) => chunks.push(text), timeoutMs: 300_000 });
  const text = chunks.join('');
  return text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1);
}

/** Of everything that dpkg knows in the root. */
export async function listDebianPackages(root: string, suite: string, signal: AbortSignal): Promise<string> {
  const chunks: string[] = [];
  const format = '${Package}\\t${Version}\\t${Architecture}\\n';
  await runCommand(['dpkg-query', `--admindir=${root}/var/lib/dpkg`, '-W', '-f', format], {
    signal,
    onOutput: (text) => chunks.push(text),
  });
  return renderDebianPackages(chunks.join(''), suite);
}

/** From lines of name, version and architecture. */
export function renderDebianPackages(lines: string, suite: string): string {
  const components = lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [name = '', version = '', architecture = ''] = line.split('\t');
      const purl = `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${architecture}&distro=${suite}`;
      return { type: 'library', name, version, purl };
    });
  const document = {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    serialNumber: `urn:uuid:${randomUUID()}`,
    version: 1,
    metadata: { timestamp: new Date().toISOString(), component: { type: 'operating-system', name: 'private root', version: suite } },
    components,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
