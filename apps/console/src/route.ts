/** The page's state stands in the address behind `#`, so that a link can be sent and a reload changes nothing. */
import { signal } from '@preact/signals';

export interface Route {
  /** Such as `['orders', 'ord_1']`. */
  readonly path: readonly string[];
  readonly query: Readonly<Record<string, string>>;
}

/** A link may have been mangled on its way: what cannot be decoded is taken as it is. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#?\/?/, '').split('?');
  return {
    path: path.split('/').filter(Boolean).map(decode),
    query: Object.fromEntries(new URLSearchParams(query)),
  };
}

export function toHash(path: readonly string[], query: Route['query'] = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== '');
  const search = new URLSearchParams(given).toString();
  return `#/${path.map(encodeURIComponent).join('/')}${search && `?${search}`}`;
}

export const route = signal<Route>(parseRoute(location.hash));
window.addEventListener('hashchange', () => {
  route.value = parseRoute(location.hash);
});

export function go(path: readonly string[], query: Route['query'] = {}): void {
  location.hash = toHash(path, query);
}

/** Changes one filter, without a step in the history. */
export function setQuery(name: string, value: string): void {
  const { path, query } = route.value;
  history.replaceState(null, '', toHash(path, { ...query, [name]: value }));
  route.value = parseRoute(location.hash);
}
