export const schema = `
  CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    order_id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    template TEXT NOT NULL,
    channel TEXT NOT NULL,
    at INTEGER NOT NULL
  ) STRICT;`;
