/** The last known catalogue, in a file beside the journal. It may be lost: it is learned anew. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { Product } from '@baton/contracts';
import type { Log } from '@baton/telemetry';
import { z } from 'zod';

const Known = z.object({ products: z.array(Product), at: z.iso.datetime() });

export interface KnownCatalog {
  readonly products: Product[];
  readonly at: string;
}

export interface CatalogFile {
  /** Undefined when there is none, or none that can be read. */
  read(): KnownCatalog | undefined;
  write(known: KnownCatalog): void;
}

export const createCatalogFile = (path: string, log: Log): CatalogFile => ({
  read() {
    try {
      return Known.parse(JSON.parse(readFileSync(path, 'utf8')));
    } catch {
      return undefined;
    }
  },
  write(known) {
    const draft = `${path}.new`;
    try {
      writeFileSync(draft, JSON.stringify(known), { mode: 0o600 });
      // Whoever reads it finds the old one or the new one, whole.
      renameSync(draft, path);
    } catch (error) {
      log.warn({ err: error }, 'the catalogue could not be kept; it is known until the next start');
    }
  },
});
