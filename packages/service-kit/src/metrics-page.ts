/** Figures in Prometheus's older text, or in OpenMetrics where the scrape prefers that. */
import { type Metrics, openMetricsType, textType, writeMetrics } from '@baton/telemetry';
import type { RequestHandler } from 'express';

/** Prometheus 3 also says how it wants odd names to be written. No name here is odd, so each way is the same text. */
const escapings = ['allow-utf-8', 'underscores', 'dots', 'values'];
const openMetricsTypes = escapings.map((escaping) => `${openMetricsType}; escaping=${escaping}`);
/** The first is for a scrape that takes anything. */
const offered = [textType, ...openMetricsTypes];

/** A scrape that accepts neither gets the older text rather than a refusal, as from Prometheus's own libraries. */
export const createMetricsHandler =
  ({ registry }: Metrics): RequestHandler =>
  async (request, response) => {
    const accepted = request.accepts(offered) || textType;
    const type = accepted === textType ? textType : openMetricsType;
    response
      .vary('Accept')
      .type(type)
      .send(await writeMetrics(registry, type));
  };
