/** How much a span may hold. The SDK limits measured spans; told spans are limited here. */
import { cleanAttributes } from '@opentelemetry/core';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';

export type SpanLimits = Readonly<
  Record<
    | 'attributeCountLimit'
    | 'attributeValueLengthLimit'
    | 'eventCountLimit'
    | 'linkCountLimit'
    | 'attributePerEventCountLimit'
    | 'attributePerLinkCountLimit',
    number
  >
>;

/** The newest are kept, as the SDK does. These spans have no events, and their links no attributes. */
export function limitSpan(span: ReadableSpan, limits: SpanLimits): ReadableSpan {
  const { attributeCountLimit, attributeValueLengthLimit, linkCountLimit } = limits;
  const isWithin =
    Object.keys(span.attributes).length <= attributeCountLimit &&
    attributeValueLengthLimit === Number.POSITIVE_INFINITY &&
    span.links.length <= linkCountLimit;
  if (isWithin) return span;
  const { attributes = {}, droppedAttributesCount = 0 } = cleanAttributes(span.attributes, limits);
  const droppedLinksCount = Math.max(0, span.links.length - linkCountLimit);
  const links = span.links.slice(droppedLinksCount);
  return { ...span, attributes, droppedAttributesCount, links, droppedLinksCount };
}
