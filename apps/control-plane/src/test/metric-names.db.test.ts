import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestDatabase } from '#db/test-database.ts';
import { testDatabases } from '#db/test-database.ts';
import { seedDemo } from '#features/appliance/seed-demo.ts';
import { openScriptedLanguageModel } from '#ports/testing/scripted-language-model.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import type { MetricDescription } from './metric-table.ts';
import { describeMetrics, metricDocument, renderMetricTable } from './metric-table.ts';
import { openTestPlane } from './test-plane.ts';

/** Node's and the process's own series, by the names that every board for Node knows. */
const FOREIGN = /^(nodejs|process)_/;
/** A base unit, or a word for things that are counted one by one. A gauge may also end in what it counts. */
const UNITS = /_(seconds|bytes|ratio|info|total|timestamp_seconds)$/;
/** What a label may never say: who called, whose call, what was said. */
const FORBIDDEN = /(phone|number|caller|callee|contact|call_?id|leg_?id|token_?id|address|email|text|word|name|path|url|user)/i;
/** `name` of a note: one of a closed list of happenings. */
const ALLOWED = new Map([['centralita_call_notes_total', 'name']]);

const [kind] = testDatabases(undefined);

describe('the series of a control plane', () => {
  let test: TestDatabase;
  let metrics: MetricDescription[];
  let own: MetricDescription[];
  beforeAll(async () => {
    test = await kind!.open();
    await seedDemo(test.database, mintApplianceScope());
    const opened = await openTestPlane(test, { languageModel: openScriptedLanguageModel() });
    await using _plane = opened.plane;
    metrics = await describeMetrics(opened.registry);
    own = metrics.filter(({ name }) => !FOREIGN.test(name));
  });
  afterAll(() => test[Symbol.asyncDispose]());

  it('are those that are committed as a document; npm run metrics writes it anew', async () => {
    expect(await readFile(metricDocument, 'utf8')).toContain(renderMetricTable(metrics));
  });

  it('have the prefix of the product, lower case, and a help that is a sentence', () => {
    expect(own.length).toBeGreaterThan(40);
    expect(own.filter(({ name }) => !/^centralita_[a-z0-9]+(_[a-z0-9]+)*$/.test(name))).toEqual([]);
    expect(own.filter(({ help }) => !/^[A-Z0-9].{10,}/.test(help) || help.endsWith('.'))).toEqual([]);
  });

  it('say their unit: counters end in _total, times in _seconds, and no name says milliseconds', () => {
    expect(own.filter(({ name, type }) => (type === 'counter') !== name.endsWith('_total')).map(({ name }) => name)).toEqual([]);
    expect(
      own.filter(({ name, type }) => type === 'histogram' && !UNITS.test(name) && name !== 'centralita_mos').map(({ name }) => name),
    ).toEqual([]);
    expect(own.filter(({ name }) => /_(ms|millis|milliseconds|minutes|kb|mb|percent)(_|$)/.test(name))).toEqual([]);
  });

  it('carry no label that could name a person, a call or a word, and few labels each', () => {
    const named = own.flatMap(({ name, labels }) =>
      labels.filter((label) => FORBIDDEN.test(label) && ALLOWED.get(name) !== label).map((label) => [name, label]),
    );
    expect(named).toEqual([]);
    expect(own.filter(({ labels }) => labels.length > 3)).toEqual([]);
  });

  it('show organizations in one series only, which is capped', () => {
    expect(own.filter(({ labels }) => labels.some((label) => /org/.test(label))).map(({ name }) => name)).toEqual([
      'centralita_organization_calls_live',
    ]);
  });
});
