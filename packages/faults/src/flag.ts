/**
 * A fault as a feature flag in flagd's JSON format. The flag's variant `on` is the fault; its targeting is the fault's
 * scope, which our own words repeat in its metadata, so that it can be read back and shown.
 */
import { isDeepStrictEqual } from 'node:util';
import { Fault } from '@baton/contracts';
import { z } from 'zod';

/** In steps of a hundredth of a per cent: flagd's weights are whole numbers. */
const weightSum = 10_000;

type Rule = Readonly<Record<string, unknown>>;
/** A flag that a person wrote may be anything that flagd takes. */
export const Flag = z.looseObject({
  state: z.enum(['ENABLED', 'DISABLED']),
  variants: z.record(z.string(), z.union([Fault, z.strictObject({})])),
  defaultVariant: z.string().nullish(),
  targeting: z.unknown().optional(),
  metadata: z.record(z.string(), z.unknown()).optional(),
});
export type Flag = z.infer<typeof Flag>;

function share(fraction: number): Rule {
  const weight = Math.round(fraction * weightSum);
  return {
    fractional: [
      ['on', weight],
      ['off', weightSum - weight],
    ],
  };
}

export function toFlag(fault: Fault) {
  const { times, fraction, order, until, ...action } = fault;
  const conditions: readonly Rule[] = [
    ...(order === undefined ? [] : [{ '==': [{ var: 'orderId' }, order] }]),
    ...(times === undefined ? [] : [{ '<=': [{ var: 'attempt' }, times] }]),
    ...(until === undefined ? [] : [{ '<': [{ var: 'nowMs' }, Date.parse(until)] }]),
  ];
  const hit = fraction === undefined ? 'on' : share(fraction);
  const isForAll = conditions.length === 0 && fraction === undefined;
  const scope = { times, fraction, order, until };
  return {
    state: 'ENABLED' as const,
    variants: { on: action, off: {} },
    defaultVariant: isForAll ? 'on' : 'off',
    ...(isForAll ? {} : { targeting: { if: [{ and: [true, ...conditions] }, hit, 'off'] } }),
    metadata: Object.fromEntries(Object.entries(scope).filter(([, v]) => v !== undefined)),
  };
}

/** The fault without its scope, which is the targeting's. */
function readAction(variant: unknown): Fault | undefined {
  const { times: _t, fraction: _f, order: _o, until: _u, ...action } = Object(variant);
  return Fault.safeParse(action).data;
}

const hasTargeting = ({ targeting }: Flag): boolean => Object.keys(Object(targeting)).length > 0;

/** Null when it can hit no request; `custom` when its targeting is not ours. */
export function readFlag(
  flag: Flag,
  nowMs: number,
): { readonly fault: Fault; readonly custom: boolean } | null {
  const { state, variants, defaultVariant, metadata } = flag;
  if (state === 'DISABLED') return null;
  const usual = readAction(variants[defaultVariant ?? '']);
  if (!hasTargeting(flag)) return usual === undefined ? null : { fault: usual, custom: false };
  const action =
    readAction(variants.on) ??
    usual ??
    Object.values(variants)
      .map(readAction)
      .find((each) => each !== undefined);
  if (action === undefined) return null;
  const scoped = Fault.safeParse({ ...metadata, ...action }).data ?? action;
  const custom = !isDeepStrictEqual(toPlain(toFlag(scoped)), toPlain(flag));
  const isOver = scoped.until !== undefined && Date.parse(scoped.until) <= nowMs;
  return isOver && !custom ? null : { fault: custom ? action : scoped, custom };
}

const toPlain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** The fault's scope, in words. */
export const describeHits = ({ order, times, fraction, until }: Fault): string =>
  [
    order === undefined ? 'every order' : `order ${order}`,
    ...(times === undefined
      ? []
      : [times === 1 ? 'the first attempt' : `the first ${times} attempts`]),
    ...(fraction === undefined ? [] : [`${Number((fraction * 100).toFixed(2))} % of attempts`]),
    ...(until === undefined ? [] : [`until ${until}`]),
  ].join(', ');
