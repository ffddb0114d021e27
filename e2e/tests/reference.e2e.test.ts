import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testBasePort } from '#e2e/rig-ports.ts';
import { openRig } from '#e2e/rig.ts';
import type { Rig } from '#e2e/rig.ts';

let rig: Rig;
let browser: Browser;
beforeAll(async () => {
  rig = await openRig({ name: 'reference', basePort: testBasePort() });
  // Debian's own browser; as root it runs without its sandbox only.
  browser = await chromium.launch({ executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
});
afterAll(async () => {
  await browser.close();
  await rig[Symbol.asyncDispose]();
});

test('the reference shows the operations in a browser and asks nobody but the appliance', async () => {
  const address = `http://127.0.0.1:${rig.ports.http}`;
  const page = await browser.newPage();
  const foreign: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(address) && !request.url().startsWith('data:')) foreign.push(request.url());
  });
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(`${address}/docs`);
  await page.getByRole('heading', { name: 'Centralita', exact: true }).waitFor();
  await page
    .getByRole('button', { name: /Configure an agent/ })
    .first()
    .click();
  await page.getByText('/agents/{agentId}').first().waitFor();
  expect({ foreign, complaints }).toEqual({ foreign: [], complaints: [] });
});
