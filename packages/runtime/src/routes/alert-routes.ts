import type { alertOperations } from '@baton/contracts';
import type { Handlers } from '@baton/service-kit';
import type { Watchdog } from '../watchdog/watchdog-loop.ts';

export const createAlertHandlers = (watchdog: Watchdog): Handlers<typeof alertOperations> => ({
  getAlerts: ({ query: { limit } }) => ({
    status: 200,
    body: { alerts: watchdog.alerts(limit) },
  }),
  getParticipants: async () => ({
    status: 200,
    body: { participants: await watchdog.participants() },
  }),
});
