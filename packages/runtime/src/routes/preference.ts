const waitMaxSeconds = 30;

/**
 * How long a caller wants to wait for the order to settle (`Prefer: wait=10`, RFC 7240), in seconds. 0 when it
 * does not say; a longer wish is cut to 30 s. A preference that cannot be read is ignored.
 */
export function readWaitSeconds(prefer: string | undefined): number {
  const wish = /(?:^|[\s,;])wait\s*=\s*"?(\d{1,6})"?(?=$|[\s,;])/i.exec(prefer ?? '')?.[1];
  return Math.min(Number(wish ?? 0), waitMaxSeconds);
}
