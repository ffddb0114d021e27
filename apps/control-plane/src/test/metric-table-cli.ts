// `npm run metrics`: writes the control plane's table into docs/metrics.md.
import { readFile, writeFile } from 'node:fs/promises';
import { testDatabases } from '#db/test-database.ts';
import { openScriptedLanguageModel } from '#ports/testing/scripted-language-model.ts';
import { describeMetrics, metricDocument, renderMetricTable } from './metric-table.ts';
import { openTestPlane } from './test-plane.ts';

const [BEGIN, END] = ['<!-- control plane -->', '<!-- end of control plane -->'];

await using test = await testDatabases(undefined)[0]!.open();
const { plane, registry } = await openTestPlane(test, { languageModel: openScriptedLanguageModel() });
await using _plane = plane;
const text = await readFile(metricDocument, 'utf8');
const [before, rest] = text.split(BEGIN);
const after = rest?.split(END)[1];
if (before === undefined || after === undefined) throw new Error(`docs/metrics.md lacks the marks ${BEGIN} and ${END}`);
await writeFile(metricDocument, `${before}${BEGIN}\n\n${renderMetricTable(await describeMetrics(registry))}\n\n${END}${after}`);
