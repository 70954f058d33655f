/** Breaks one participant: which of its operations, how, and for which orders. */
import { useState } from 'preact/hooks';
import { setFault } from '../api.ts';
import { nameRuns } from '../live.ts';
import { route } from '../route.ts';
import { choiceWords, type FaultChoice, type FaultForm, faultChoices, toFault } from './kinds.ts';

interface BreakProps {
  readonly participant: string;
  readonly operations: readonly string[];
  readonly onDone: () => void;
}

const usual: FaultForm = { kind: 'lost-reply', times: '', percent: '', seconds: '30', order: '' };

export function BreakPanel({ participant, operations, onDone }: BreakProps) {
  const [operation, setOperation] = useState(operations[0] ?? '');
  const { order = '' } = route.value.query;
  const [form, setForm] = useState<FaultForm>({ ...usual, order });
  const [problem, setProblem] = useState('');
  const change = (name: keyof FaultForm, value: string): void =>
    setForm((before) => ({ ...before, [name]: value }));
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const answer = await setFault(operation, toFault(form, Date.now()));
    setProblem(answer.ok ? '' : answer.why);
    if (answer.ok) onDone();
  };
  return (
    <form
      class="break"
      aria-label={`Break ${participant}`}
      onSubmit={(event) => void submit(event)}
    >
      <label>
        When asked to
        <select
          value={operation}
          onChange={({ currentTarget }) => setOperation(currentTarget.value)}
        >
          {operations.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <KindChoice kind={form.kind} onChange={(kind) => change('kind', kind)} />
      <Scope form={form} onChange={change} />
      <button type="submit" class="primary">
        Break it
      </button>
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
    </form>
  );
}

interface ScopeProps {
  readonly form: FaultForm;
  readonly onChange: (name: keyof FaultForm, value: string) => void;
}
const Scope = ({ form, onChange }: ScopeProps) => (
  <>
    <Field
      label={`For the first … attempts of each ${nameRuns().noun}`}
      value={form.times}
      onInput={(value) => onChange('times', value)}
    />
    <Field
      label="In … % of attempts"
      value={form.percent}
      onInput={(value) => onChange('percent', value)}
    />
    <Field
      label="For … seconds"
      value={form.seconds}
      onInput={(value) => onChange('seconds', value)}
    />
    <label>
      Only the {nameRuns().noun}
      <input
        value={form.order}
        placeholder="every one"
        onInput={({ currentTarget }) => onChange('order', currentTarget.value.trim())}
      />
    </label>
  </>
);

function KindChoice({ kind, onChange }: { kind: FaultChoice; onChange: (kind: string) => void }) {
  return (
    <label>
      What happens
      <select value={kind} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
        {faultChoices.map((name) => (
          <option key={name} value={name}>
            {choiceWords[name]} ({name})
          </option>
        ))}
      </select>
    </label>
  );
}

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
}
const Field = ({ label, value, onInput }: FieldProps) => (
  <label>
    {label}
    <input
      type="number"
      min="1"
      max="1000"
      value={value}
      placeholder="all"
      onInput={({ currentTarget }) => onInput(currentTarget.value)}
    />
  </label>
);
