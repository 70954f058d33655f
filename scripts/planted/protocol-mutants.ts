/** Bugs of the protocol, as wrappers round the parts that tests play with. Each check must notice, by itself. */
import { allMutants, control } from '../../packages/saga/src/testing/mutants/planted.ts';
import type { Bug, Verdict } from './bug.ts';
import { judgeByTests, root } from './test-run.ts';

export const listProtocolMutants = (): Bug[] => [
  ...Object.entries(allMutants).flatMap(([name, { bug, caughtBy }]) =>
    caughtBy.map(({ file, named }) => ({
      name,
      what: `${bug} (${named})`,
      judge: () => judge(name, file, named),
    })),
  ),
  {
    name: control,
    what: 'A wrapper that changes nothing is not taken for a bug',
    judge: judgeControl,
  },
];

const judge = (name: string, file: string, named: string): Promise<Verdict> =>
  judgeByTests({ files: [file], named, cwd: root, env: { BATON_MUTANT: name } });

/** If tests caught this one, they would catch all others for the wrapping alone. */
async function judgeControl(): Promise<Verdict> {
  const checks = Object.values(allMutants).flatMap(({ caughtBy }) => caughtBy);
  const files = [...new Set(checks.map(({ file }) => file))];
  const named = checks.map((check) => `(${check.named})`).join('|');
  const verdict = await judgeByTests({ files, named, cwd: root, env: { BATON_MUTANT: control } });
  if (verdict.type === 'survived') return { type: 'caught', by: 'nothing, as it should be' };
  return verdict.type === 'caught'
    ? { type: 'survived', what: `"${verdict.by}" fails though nothing is changed` }
    : verdict;
}
