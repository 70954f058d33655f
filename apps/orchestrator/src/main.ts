import { join } from 'node:path';
import { runOrchestrator } from '@baton/runtime';
import { createOrchestrator } from './app.ts';

await runOrchestrator((opened) =>
  createOrchestrator({ ...opened, catalogPath: join(opened.folder, 'catalog.json') }),
);
