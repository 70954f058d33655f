/** `npm run conformance -- URL`: may this participant join? One line a check, then the sum. */

import { ServiceUrl } from '@baton/service-kit';
import { toOneLine } from '@baton/telemetry/one-line';
import { checkParticipant, Unreachable } from '../e2e/conformance/check-participant.ts';
import { toLine } from '../e2e/conformance/finding.ts';

const usageText = 'Usage: npm run conformance -- URL, such as http://127.0.0.1:4002';

async function runChecks(url: string): Promise<boolean> {
  console.log(`Checking ${url}. This places test effects there, and undoes what can be undone.`);
  let passed = 0;
  let failed = 0;
  for await (const finding of checkParticipant(url)) {
    console.log(toLine(finding));
    if (finding.passed) passed += 1;
    else failed += 1;
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0;
}

async function main(given: string | undefined): Promise<boolean> {
  const { data: url, error } = ServiceUrl.optional().safeParse(given);
  if (url === undefined) {
    if (error) console.error(`URL ${error.issues[0]?.message}`);
    console.error(usageText);
    return false;
  }
  try {
    return await runChecks(url);
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    console.error(toOneLine(error.message));
    return false;
  }
}

process.exitCode = (await main(process.argv[2])) ? 0 : 1;
