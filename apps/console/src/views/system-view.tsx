/** The system: the serving process, each participant, rates, faults, and what needs an operator. */
import { readAlerts, readFaults, readOverview, readParticipants } from '../api.ts';
import { FaultList } from '../faults/fault-list.tsx';
import { isBreakable } from '../live.ts';
import { usePolled } from '../polled.ts';
import { Alerts } from '../system/alerts.tsx';
import { KilledCard } from '../system/killed-card.tsx';
import { Picture } from '../system/picture.tsx';
import { Rates } from '../system/rates.tsx';

const nothing = async () => ({ ok: true, status: 200, body: { faults: [] } }) as const;

export function SystemView() {
  const overview = usePolled(readOverview);
  const participants = usePolled(readParticipants);
  const alerts = usePolled(readAlerts, 2_000);
  const faults = usePolled(isBreakable.value ? readFaults : nothing, 2_000);
  const states = faults.value?.faults ?? [];
  return (
    <div class="system">
      <h1 class="hidden">The system</h1>
      {overview.why && (
        <p class="problem" role="status">
          {overview.why} What is shown is as it was last.
        </p>
      )}
      {overview.value && (
        <Picture
          overview={overview.value}
          states={participants.value?.participants ?? []}
          faults={states}
          onChange={faults.again}
        />
      )}
      <KilledCard />
      {overview.value && <Rates rates={overview.value.rates} />}
      {isBreakable.value && <FaultList faults={states} why={faults.why} onChange={faults.again} />}
      <Alerts alerts={alerts.value?.alerts ?? []} />
    </div>
  );
}
