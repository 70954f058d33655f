/** No column for the card's token: it decides, and is forgotten. */
export const schema = `
  CREATE TABLE IF NOT EXISTS payments (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    order_id TEXT NOT NULL,
    amount_minor INTEGER NOT NULL CHECK (amount_minor >= 0),
    currency TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('taken', 'given-back')),
    at INTEGER NOT NULL
  ) STRICT;`;
