import type { Benchmark, Result, Row, Sample, Target } from './benchmark.js'
import { median } from './statistics.js'

/** Runs one benchmark and judges its rows by the medians of all rounds. */
export async function run(
  benchmark: Benchmark,
  rounds: number,
  folder: string,
  progress: (round: number) => void,
): Promise<readonly Result[]> {
  const measured: (readonly Sample[])[] = []
  for await (const samples of benchmark.rounds(rounds, folder)) {
    measured.push(samples)
    progress(measured.length)
  }
  return benchmark.rows.map((row, i) =>
    judge(
      benchmark.name,
      row,
      measured.flatMap(samples => samples[i] ?? []),
    ),
  )
}

export function judge(benchmark: string, row: Row, samples: readonly Sample[]): Result {
  const oursMedian = median(samples.map(({ ours }) => ours))
  const references = samples.flatMap(({ reference }) => reference ?? [])
  if (references.length === 0) {
    return { benchmark, ...row, samples, oursMedian, met: meets(row.target, oursMedian) }
  }
  const referenceMedian = median(references)
  const ratio = oursMedian / referenceMedian
  const met = meets(row.target, row.target.of === 'ratio' ? ratio : oursMedian)
  return { benchmark, ...row, samples, oursMedian, referenceMedian, ratio, met }
}

function meets({ is, limit }: Target, value: number): boolean {
  return is === 'at least' ? value >= limit : value <= limit
}
