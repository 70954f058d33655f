/** What the customers of the demo order. */
export const mugs = { what: '2 mugs', sku: 'mug', quantity: 2, token: 'tok_ok' };
export const teapot = { what: 'a teapot', sku: 'teapot', quantity: 1, token: 'tok_ok' };
export const teapotMinor = 3_400;
