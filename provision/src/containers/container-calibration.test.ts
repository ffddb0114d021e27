// How the measuring program is run beside Asterisk: where the models' servers are, and no secret in a word.
import { expect, it } from 'vitest';
import { readSettings } from '#settings.ts';
import { calibrationWords } from './container-calibration.ts';

const words = (profile: 'cpu' | 'gpu', url = ''): string =>
  calibrationWords({ facts: { settings: readSettings(new Map([['LANGUAGE_MODEL_URL', url]]), '.env') }, profile }, [
    '1001',
    '1,2',
    '1400',
  ]).join(' ');

it('measures the servers that the calls use, and the operator’s own language model where he named one', () => {
  expect(words('cpu')).toContain(
    '-e SPEECH_TO_TEXT_URL=cpu-server:8001 -e TEXT_TO_SPEECH_URL=cpu-server:8001 -e LANGUAGE_MODEL_URL= test-call 1001 1,2 1400',
  );
  expect(words('gpu')).toContain(
    '-e SPEECH_TO_TEXT_URL=triton-speech:8001 -e TEXT_TO_SPEECH_URL=triton-speech:8001 -e LANGUAGE_MODEL_URL=triton-language:8001 test-call',
  );
  expect(words('cpu', 'cpu-server:8001')).toContain('LANGUAGE_MODEL_URL=cpu-server:8001 test-call');
  expect(words('gpu', '10.0.0.5:8001')).toContain('LANGUAGE_MODEL_URL=10.0.0.5:8001 test-call');
});
