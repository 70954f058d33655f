/** How much of what, by account and unit: `{ money: { EUR: 2400 }, stock: { mug: 2 } }`. Whole numbers. */
export type Tally = Readonly<Record<string, Readonly<Record<string, number>>>>;

export function add(a: Tally, b: Tally): Tally {
  const sums: Record<string, Readonly<Record<string, number>>> = { ...a };
  for (const [account, amounts] of Object.entries(b))
    sums[account] = addAmounts(sums[account] ?? {}, amounts);
  return sums;
}

export const subtract = (a: Tally, b: Tally): Tally =>
  add(
    a,
    Object.fromEntries(Object.entries(b).map(([account, amounts]) => [account, negate(amounts)])),
  );

const negate = (amounts: Tally[string]): Tally[string] =>
  Object.fromEntries(Object.entries(amounts).map(([unit, amount]) => [unit, -amount]));

function addAmounts(a: Tally[string], b: Tally[string]): Tally[string] {
  const sums = { ...a };
  for (const [unit, amount] of Object.entries(b)) sums[unit] = (sums[unit] ?? 0) + amount;
  return sums;
}

export const readAmount = (tally: Tally, account: string, unit: string): number =>
  tally[account]?.[unit] ?? 0;
