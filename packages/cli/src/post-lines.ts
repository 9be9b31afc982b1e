import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { Job, Jobboard, PostOptions } from '@jobboard/core'
import { errorJson, UsageError, withAdvice } from './errors-out.js'
import { jobJson } from './job-json.js'
import { note, print, printJson } from './output.js'
import { decodeText, parseJson } from './parsers.js'
import { jobLine } from './tables.js'

/** Posts that are under way at the same time: the board joins them into batches. */
const window = 256

const knownKeys: ReadonlySet<string> = new Set(['name', 'details', 'priority', 'id', 'book', 'delayMs'])

type Answer = { readonly job: Job } | { readonly error: unknown }

/**
 * Posts one job for each line and prints the answers in the order of the lines, each as soon as it can be; empty lines
 * are skipped.
 *
 * A line that cannot be posted stops nothing else. Nor does a reader of stdout that goes away: the jobs are what counts.
 *
 * @returns how many lines failed.
 */
export async function postLines(board: Jobboard, input: Readable, json: boolean): Promise<number> {
  const reports: Promise<void>[] = []
  let failed = 0
  let line = 0
  const report = async (
    number: number,
    answer: Promise<Answer>,
    before: Promise<void> | undefined,
  ): Promise<void> => {
    const answered = await answer
    await before
    if ('error' in answered) failed++
    await tell(number, answered, json)
  }
  // As latin1 a line carries its bytes, so that each can be found to be no UTF-8 by itself.
  for await (const text of createInterface({ input: input.setEncoding('latin1') })) {
    line++
    if (text.trim() === '') continue
    reports.push(report(line, postLine(board, text), reports.at(-1)))
    if (reports.length >= window) await reports.shift()
  }
  await reports.at(-1)
  return failed
}

async function postLine(board: Jobboard, bytes: string): Promise<Answer> {
  try {
    const text = decodeText(Buffer.from(bytes, 'latin1'), 'the line')
    const { name, ...posting } = postingOf(parseJson<unknown>(text, 'the line'))
    return { job: await board.post(name, posting) }
  } catch (error) {
    return {
      error: withAdvice(error, id => `post the line again with "id":"${id}", which adds nothing if it was`),
    }
  }
}

/** Only the shape is looked at here; the board checks the values. As in what is printed, null stands for what is absent. */
function postingOf(value: unknown): PostOptions & { readonly name: string } {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError('a line must be a JSON object')
  const unknown = Object.keys(value).filter(key => !knownKeys.has(key))
  if (unknown.length > 0)
    throw new UsageError(`unknown: ${unknown.join(', ')}; known are ${[...knownKeys].join(', ')}`)
  const given = Object.entries(value).filter(([, member]) => member !== null)
  return Object.fromEntries(given) as PostOptions & { readonly name: string }
}

async function tell(line: number, answer: Answer, json: boolean): Promise<void> {
  if ('job' in answer) await (json ? printJson(jobJson(answer.job)) : print(jobLine(answer.job)))
  else if (json) await printJson({ line, error: errorJson(answer.error) })
  else note(`line ${line}: ${errorJson(answer.error).message}`)
}
