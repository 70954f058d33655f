/** What every participant answers besides its operations. */
import { incarnationHeader } from '@baton/contracts';
import { type Expectation, type Finding, judge, problem } from './finding.ts';
import { type Answer, hasType, readJson, type Wire } from './wire.ts';

const status = (text: string): Expectation => ({
  text: `200 application/json {"status":"${text}"}`,
  fits: (answer) =>
    answer.status === 200 &&
    hasType(answer, 'application/json') &&
    Object(readJson(answer.text)).status === text,
});

const incarnationOf = ({ headers }: Answer): string => headers.get(incarnationHeader) ?? '';

function checkIncarnation(first: Answer, second: Answer): Finding {
  const [one, other] = [incarnationOf(first), incarnationOf(second)];
  return {
    operation: 'service',
    check: `${incarnationHeader} is there and stays the same`,
    sent: 'GET /health/live, twice',
    expected: 'the same value twice',
    came: `"${one}", "${other}"`,
    passed: one !== '' && one === other,
  };
}

export async function* checkService(wire: Wire): AsyncGenerator<Finding> {
  const get = (path: string) => wire({ method: 'GET', path });
  const check = (name: string, path: string, expectation: Expectation, answer: Answer) =>
    judge({ operation: 'service', check: name, sent: `GET ${path}` }, expectation, answer);
  const live = await get('/health/live');
  yield check('live', '/health/live', status('live'), live);
  yield check('ready', '/health/ready', status('ready'), await get('/health/ready'));
  const nothing = '/no-such-path';
  yield check('an unknown path', nothing, problem(404), await get(nothing));
  yield checkIncarnation(live, await get('/health/live'));
}
