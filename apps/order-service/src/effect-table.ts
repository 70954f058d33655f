/** Where this service's effects are found in its file, for tests that count what it did. */
export const effectTable = {
  effects: 'orders',
  undoes: 'UPDATE',
  standing: "SELECT key, total_minor AS size FROM orders WHERE status = 'validated'",
} as const;
