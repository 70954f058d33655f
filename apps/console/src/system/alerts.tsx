/** What the watchdog saw, what was done about it, and what a person can do. */
import type { Alert } from '@baton/contracts';
import { findWorkflow } from '../live.ts';
import { toHash } from '../route.ts';
import { toClock, toLocalTimes } from '../words.ts';

export function Alerts({ alerts }: { readonly alerts: readonly Alert[] }) {
  return (
    <section class="card alerts" aria-labelledby="alerts-title">
      <h2 id="alerts-title">Alerts</h2>
      {alerts.length === 0 && <p class="quiet">None so far.</p>}
      <ul>
        {alerts.map((alert) => (
          <AlertItem key={alert.id} alert={alert} />
        ))}
      </ul>
    </section>
  );
}

function AlertItem({ alert }: { readonly alert: Alert }) {
  const { status, openedAt, message, action, result, commands, subject } = alert;
  const workflow = findWorkflow(subject);
  return (
    <li class={status === 'open' ? 'bad' : 'idle'}>
      <p>
        <strong class="state">{status === 'open' ? 'now' : 'over'}</strong> {toLocalTimes(message)}{' '}
        {workflow && <a href={toHash([workflow.plural, subject])}>Look at it</a>}{' '}
        <span class="quiet">since {toClock(Date.parse(openedAt))}</span>
      </p>
      <p class="quiet">
        {action}. {toLocalTimes(result)}.
      </p>
      {status === 'open' &&
        !workflow &&
        commands.map((command) => <code key={command}>{command}</code>)}
    </li>
  );
}
