// A table library of the kind that nobody should write again; the command line uses the same.
import Table from 'cli-table3'
import type { Result, Target, Unit } from './benchmark.js'

/** The results for people. */
export function renderTable(results: readonly Result[]): string {
  const table = new Table({
    head: ['', 'ours', 'reference', 'ratio', 'target', ''],
    style: { head: [], border: [] },
    colWidths: [44, null, 30],
    wordWrap: true,
  })
  for (const result of results) table.push(cells(result))
  return table.toString()
}

function cells(result: Result): string[] {
  const { label, unit, oursMedian, referenceMedian, reference = '', ratio, target, met } = result
  return [
    label,
    figure(oursMedian, unit),
    referenceMedian === undefined ? '' : `${figure(referenceMedian, unit)} ${reference}`,
    ratio === undefined ? '' : ratio.toFixed(2),
    sayTarget(target, unit),
    met ? 'pass' : 'MISS',
  ]
}

function sayTarget({ of, is, limit }: Target, unit: Unit): string {
  const sign = is === 'at least' ? '>=' : '<='
  return of === 'ratio' ? `ratio ${sign} ${limit}` : `${sign} ${figure(limit, unit)}`
}

function figure(value: number, unit: Unit): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2
  return `${value.toFixed(digits)} ${unit}`
}
