/** All apps as real processes, and their page in a real Chromium. */
import { existsSync, rmSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { createFastFolder } from '../src/folder.ts';
import { type App, type AppName, restart, type System, startSystem } from '../src/processes.ts';
import { startStandby, untilStandbyWaits } from '../src/standby.ts';

const places = [process.env.CHROMIUM_BIN ?? '', '/usr/bin/chromium', '/usr/bin/chromium-browser'];

export function findChromium(): string {
  const found = places.find(existsSync);
  if (found) return found;
  throw new Error('There is no Chromium: apt-get install chromium, or say where with CHROMIUM_BIN');
}

export interface View {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: 'light' | 'dark';
}

export interface Console {
  readonly url: string;
  /** A new page at an address such as `#/books`. */
  readonly open: (hash?: string, view?: View) => Promise<Page>;
  /** Resolves when a standby waits; the result resolves when that standby serves. */
  readonly standBy: () => Promise<() => Promise<void>>;
  readonly kill: (name: AppName) => Promise<void>;
  readonly start: (name: AppName) => Promise<void>;
  /** Complaints of any page, but for failed requests: must stay empty. */
  readonly complaints: readonly string[];
  readonly close: () => Promise<void>;
}

export async function openConsole(env: Readonly<Record<string, string>> = {}): Promise<Console> {
  const dataDir = createFastFolder('browser');
  const system = await startSystem(dataDir, env);
  const browser = await chromium.launch({
    executablePath: findChromium(),
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
  const complaints: string[] = [];
  const url = `http://localhost:${portOf(system)}`;
  return {
    url,
    complaints,
    open: (hash = '', view = {}) => openPage(browser, `${url}/${hash}`, { complaints, view }),
    standBy: () => standBy(system, dataDir),
    kill: async (name) => system.apps.get(name)?.kill(),
    start: (name) => restart(system, name, dataDir),
    close: async () => {
      await browser.close();
      await system.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

const portOf = ({ apps }: System): number => apps.get('orchestrator')?.port ?? 0;

async function openPage(
  browser: Browser,
  address: string,
  { complaints, view }: { readonly complaints: string[]; readonly view: View },
): Promise<Page> {
  const { width = 1280, height = 900, colorScheme = 'light' } = view;
  const page = await browser.newPage({ viewport: { width, height }, colorScheme });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // A browser complains of each answer that is no success, wanted or not.
    if (message.text().startsWith('Failed to load resource')) return;
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  await page.goto(address);
  await page
    .getByText('● live')
    .or(page.getByText('live', { exact: true }))
    .first()
    .waitFor();
  return page;
}

async function standBy(system: System, dataDir: string): Promise<() => Promise<void>> {
  const standby = startStandby(system, dataDir);
  await untilStandbyWaits(system);
  return async () => {
    const next: App = await standby.ready;
    system.apps.set('orchestrator', next);
  };
}

/** The page's answers about a run, by question: the lines of each answer. */
export async function readAnswers(page: Page): Promise<Readonly<Record<string, string[]>>> {
  const answers: Record<string, string[]> = {};
  for (const part of await page.locator('.now dl > div').all()) {
    const lines = part.locator('dd').locator('li, p');
    const texts = (await lines.count()) > 0 ? lines : part.locator('dd');
    const name = await part.locator('dt').innerText();
    answers[name] = (await texts.allInnerTexts()).map((text) => text.trim());
  }
  return answers;
}
