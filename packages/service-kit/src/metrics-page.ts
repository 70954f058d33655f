/** Figures in the text that a scrape asks for: the older one of Prometheus, unless it would rather have OpenMetrics. */
import { type Metrics, openMetricsType, textType, writeMetrics } from '@baton/telemetry';
import type { RequestHandler } from 'express';

/** Prometheus 3 also says how it wants odd names to be written. No name here is odd, so each way is the same text. */
const escapings = ['allow-utf-8', 'underscores', 'dots', 'values'];
const openMetricsTypes = escapings.map((escaping) => `${openMetricsType}; escaping=${escaping}`);
/** The first is for whoever takes anything. */
const offered = [textType, ...openMetricsTypes];

/** Who accepts neither gets the older text rather than a refusal, as from Prometheus's own libraries. */
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
