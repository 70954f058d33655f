/** Where this service's effects are found in its file, for tests that count what it did. */
export const effectTable = {
  effects: 'payments',
  undoes: 'UPDATE',
  standing: "SELECT key, amount_minor AS size FROM payments WHERE status = 'taken'",
} as const;
