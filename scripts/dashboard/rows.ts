/** What the dashboard shows, from top to bottom. */
import type { Row } from './grafana.ts';
import { orders, steps } from './order-rows.ts';
import { faults, journal, recovery, services } from './system-rows.ts';

export const rows: readonly Row[] = [orders, steps, recovery, journal, services, faults];
