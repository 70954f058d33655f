/** Where this service's effects are found in its file, for tests that count what it did. */
export const effectTable = {
  effects: 'messages',
  undoes: null,
  standing: 'SELECT key, 1 AS size FROM messages',
} as const;
