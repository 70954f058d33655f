/** What providers say of their books, in tests: all those of the list, so that one more of them changes no test. */
import { type Provider, type ProviderName, providerNames } from '../books/providers.ts';

type ProviderBooks = Pick<Provider, 'getPayments'>;

/** In minor units of EUR; nothing where neither is given. */
export const keepBooks = (
  readTaken: () => number = () => 0,
  readGivenBack: () => number = () => 0,
): ProviderBooks => ({
  getPayments: async () => ({
    ok: true,
    status: 200,
    body: {
      totals: [{ currency: 'EUR', taken: readTaken(), givenBack: readGivenBack() }],
      payments: [],
      nextCursor: null,
    },
  }),
});

/** None of them took anything. */
export function createIdleProviders(): { readonly [K in ProviderName]?: ProviderBooks } {
  const idle: { [K in ProviderName]?: ProviderBooks } = {};
  for (const name of providerNames) idle[name] = keepBooks();
  return idle;
}
