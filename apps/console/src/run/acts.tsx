/** What a person may do now, each with its effect, and a field for the reason. */
import type { RunStory, WorkflowDescription } from '@baton/contracts';
import { useState } from 'preact/hooks';
import { type Answer, cancelRun, retryRun, skipStep } from '../api.ts';
import { focusOn, runTitle } from '../focus.ts';

interface ActsProps {
  readonly workflow: WorkflowDescription;
  readonly id: string;
  readonly story: RunStory;
  readonly onDone: () => void;
}

interface Act {
  readonly label: string;
  readonly effect: string;
  readonly wantsReason: boolean;
  readonly send: (reason: string) => Promise<Answer<unknown>>;
}

const listActs = ({ workflow, id, story: { mayDo } }: ActsProps): readonly Act[] => [
  ...(mayDo.retry
    ? [
        {
          label: 'Try now',
          effect: 'What it waits for is due at once, and is tried as if for the first time.',
          wantsReason: true,
          send: (reason: string) => retryRun(workflow, id, reason),
        },
      ]
    : []),
  ...mayDo.skip.map((step) => ({
    label: `Write off ${step}`,
    effect: `Baton gives ${step} up for good. What a service still holds must be put right there by hand.`,
    wantsReason: true,
    send: (reason: string) => skipStep(workflow, id, { step, reason }),
  })),
  ...(mayDo.cancel
    ? [
        {
          label: `Cancel the ${workflow.noun}`,
          effect:
            'Everything done so far is undone, in reverse order; an undo that fails holds up no other service. There is no way back.',
          wantsReason: false,
          send: () => cancelRun(workflow, id),
        },
      ]
    : []),
];

export function Acts(props: ActsProps) {
  const [chosen, setChosen] = useState<Act>();
  const [problem, setProblem] = useState('');
  const possible = listActs(props);
  // While an attempt is under way the act may be impossible: what was typed for it stays.
  const isGone = chosen && possible.every(({ label }) => label !== chosen.label);
  const acts = isGone ? [...possible, chosen] : possible;
  if (acts.length === 0 && !problem) return null;
  const submit = async (event: SubmitEvent & { currentTarget: HTMLFormElement }): Promise<void> => {
    event.preventDefault();
    setProblem('');
    const reason = String(new FormData(event.currentTarget).get('reason') ?? '');
    const answer = await chosen?.send(reason);
    props.onDone();
    if (answer?.ok === false) return setProblem(answer.why);
    setChosen(undefined);
    focusOn(runTitle);
  };
  return (
    <section class="acts" aria-label="What you can do">
      <p class="actions">
        {acts.map((act) => (
          <button
            key={act.label}
            type="button"
            aria-expanded={act.label === chosen?.label}
            onClick={() => setChosen(act.label === chosen?.label ? undefined : act)}
          >
            {act.label}…
          </button>
        ))}
      </p>
      {chosen && (
        <form onSubmit={(event) => void submit(event)} class="act">
          <p>{chosen.effect}</p>
          {chosen.wantsReason && (
            <label>
              Why (it stays in the history)
              <input name="reason" required maxLength={500} autocomplete="off" />
            </label>
          )}
          <button type="submit" class="primary">
            {chosen.label}
          </button>
        </form>
      )}
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
    </section>
  );
}
