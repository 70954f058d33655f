/** Says in the log how many orders the embedded host still has to finish, while orders move to a cluster. */
import type { Engine } from '@baton/saga';
import type { Log } from '@baton/telemetry';

const tellEveryMs = 5_000;
/** Counting orders that owe a step ends here. */
const owingMax = 1_000;

/** Until no order is left, and no step of an order that has ended is owed any more. Returns how to stop. */
export function tellOfDrain(embedded: Pick<Engine, 'counts' | 'list'>, log: Log): () => void {
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  async function tell(): Promise<void> {
    const [{ open, quarantined }, { length: owing }] = await Promise.all([
      embedded.counts(),
      embedded.list({ status: 'owing', limit: owingMax }),
    ]);
    if (isOver) return;
    const left = open + quarantined;
    if (left + owing === 0)
      return log.info('all orders of before the move have ended, new ones go to the cluster');
    log.info(
      { left, owing },
      'orders of before the move are finished here, new ones go to the cluster',
    );
    timer = setTimeout(() => void tell(), tellEveryMs).unref();
  }
  void tell();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}
