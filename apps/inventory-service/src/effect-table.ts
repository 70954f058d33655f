/** Where this service's effects are found in its file, for tests that count what it did. */
export const effectTable = {
  effects: 'reservations',
  undoes: 'DELETE',
  standing: `SELECT key, sum(quantity) AS size FROM reservations
    JOIN reserved_lines ON reservation_id = id GROUP BY key`,
} as const;
