/** Reads an app's /metrics. */

export interface Family {
  readonly type: string;
  /** With the suffixes of counters and histograms, each with its labels' names. */
  readonly series: ReadonlyMap<string, ReadonlySet<string>>;
  readonly hasExemplars: boolean;
}

const suffixes: Readonly<Record<string, readonly string[]>> = {
  counter: ['_total'],
  histogram: ['_bucket', '_sum', '_count'],
};

export function readOpenMetrics(text: string): Map<string, Family> {
  const lines = text.split('\n');
  const families = lines.flatMap((line) => {
    const [, name, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    return name && type ? [{ name, type }] : [];
  });
  return new Map(
    families.map(({ name, type }) => {
      const series = (suffixes[type] ?? ['']).map((suffix) => `${name}${suffix}`);
      const samples = lines.filter((line) => series.some((one) => startsWith(line, one)));
      return [
        type === 'counter' ? `${name}_total` : name,
        {
          type,
          series: new Map(series.map((one) => [one, readLabels(samples, one)])),
          hasExemplars: samples.some((line) => / # \{trace_id="[0-9a-f]{32}"/.test(line)),
        },
      ];
    }),
  );
}

const startsWith = (line: string, series: string): boolean =>
  line.startsWith(`${series}{`) || line.startsWith(`${series} `);

const readLabels = (samples: readonly string[], series: string): Set<string> =>
  new Set(
    samples
      .filter((line) => startsWith(line, series))
      .flatMap((line) => [...(line.split(' # ')[0] ?? '').matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g)])
      .flatMap(([, label]) => label ?? []),
  );
