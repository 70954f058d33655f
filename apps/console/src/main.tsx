/** The page: everything begins here. */
import { render } from 'preact';
import { App } from './app.tsx';
import { startLive } from './live.ts';

const root = document.getElementById('app');
if (root) {
  startLive();
  render(<App />, root);
}
