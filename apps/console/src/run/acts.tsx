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
  const [chosen, setChosen] = useState<string>();
  const [problem, setProblem] = useState('');
  const acts = listActs(props);
  const act = acts.find(({ label }) => label === chosen);
  if (acts.length === 0 && !problem) return null;
  const submit = async (event: SubmitEvent & { currentTarget: HTMLFormElement }): Promise<void> => {
    event.preventDefault();
    setProblem('');
    const reason = String(new FormData(event.currentTarget).get('reason') ?? '');
    const answer = await act?.send(reason);
    props.onDone();
    if (answer?.ok === false) return setProblem(answer.why);
    setChosen(undefined);
    focusOn(runTitle);
  };
  return (
    <section class="acts" aria-label="What you can do">
      <p class="actions">
        {acts.map(({ label }) => (
          <button
            key={label}
            type="button"
            aria-expanded={label === chosen}
            onClick={() => setChosen(label === chosen ? undefined : label)}
          >
            {label}…
          </button>
        ))}
      </p>
      {act && (
        <form onSubmit={(event) => void submit(event)} class="act">
          <p>{act.effect}</p>
          {act.wantsReason && (
            <label>
              Why (it stays in the history)
              <input name="reason" required maxLength={500} autocomplete="off" />
            </label>
          )}
          <button type="submit" class="primary">
            {act.label}
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
