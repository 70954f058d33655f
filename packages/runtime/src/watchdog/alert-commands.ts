/** What a person can do about an alert, as commands for a shell. None where there is nothing to do. */
import { findWorkflowOf, type Workflows } from '../workflow.ts';
import { type Alert, all, type ToCommands } from './alert.ts';

export interface CommandOptions {
  readonly workflows: Workflows;
  /** Where the orchestrator is asked. */
  readonly address: string;
  readonly operatorToken?: string | undefined;
}

export function createToCommands(options: CommandOptions): ToCommands {
  const { workflows, address } = options;
  const toSeeParticipants = `curl ${address}/participants`;
  const toSeeStuck = workflows.map(({ plural }) => `curl '${address}/${plural}?status=stuck'`);
  return (alert) => {
    const { rule, subject, resolvedAt } = alert;
    if (resolvedAt !== null) return [];
    switch (rule) {
      case 'breaker-open':
      case 'queue-deep':
        return [toSeeParticipants];
      case 'order-overdue':
        return subject === all ? [toSeeParticipants] : toActs(alert, options);
      case 'order-stuck':
        return subject === all ? toSeeStuck : toActs(alert, options);
      default:
        return [];
    }
  };
}

/** The token is the shell's to fill in. */
function toActs(
  { subject, cancellable, skippable = [] }: Alert,
  { workflows, address, operatorToken }: CommandOptions,
): string[] {
  const path = `${address}/${findWorkflowOf(workflows, subject).plural}/${subject}`;
  const token = operatorToken ? ` -H "authorization: Bearer $OPERATOR_TOKEN"` : '';
  const post = `curl -X POST -H 'content-type: application/json'${token}`;
  return [
    ...(cancellable ? [`curl -X POST ${path}/cancel`] : []),
    `${post} ${path}/retry -d '{"reason":"why"}'`,
    ...skippable.map((step) => `${post} ${path}/skip -d '{"step":"${step}","reason":"why"}'`),
  ];
}
