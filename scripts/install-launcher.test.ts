import { expect, it } from 'vitest';
import { installsEverything } from './install-launcher.ts';

it.each([
  ['npm/9.2.0 node/v18.20.4 linux x64 workspaces/true', false],
  ['npm/10.8.2 node/v20.18.3 linux x64', false],
  ['npm/11.19.1 node/v20.20.2 linux x64 workspaces/true', true],
  ['npm/10.9.0 node/v22.12.0 linux x64', false],
  ['npm/10.9.2 node/v22.13.0 darwin arm64', true],
  ['npm/11.6.0 node/v24.21.0 linux x64', true],
  ['', false],
])('npm as %j installs every optional package: %s', (userAgent, expected) => {
  expect(installsEverything(userAgent)).toBe(expected);
});
