import { join } from 'node:path';
import { createEngine, type Engine, type EngineOptions } from '@baton/saga';
import { createLink, createRestateEngine } from '@baton/saga-restate';

interface EngineHost {
  createEngine(options: EngineOptions): Promise<Engine>;
  close(): Promise<void>;
}

/** The host by the programs' setting: the embedded one, or a new cluster for each test. */
export async function openHost(folder: string): Promise<EngineHost> {
  if (process.env.SAGA_HOST !== 'restate') return { createEngine, close: async () => {} };
  const { startNodes } = await import('@baton/saga-restate/nodes');
  const [node] = await startNodes({ folder: join(folder, 'restate'), count: 1 });
  if (!node) throw new Error('no node was started');
  const { adminUrl, ingressUrl } = node;
  const link = createLink({ ingressUrls: [ingressUrl], registration: { adminUrls: [adminUrl] } });
  return {
    createEngine: (options) => createRestateEngine(options, link),
    close: () => node.stop(),
  };
}
