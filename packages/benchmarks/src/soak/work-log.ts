import { readFile } from 'node:fs/promises'

/** What the command of one claim wrote down. */
export interface Mark {
  readonly what: 'start' | 'end'
  readonly jobId: string
  readonly token: string
  readonly pid: number
  /** Wall clock, milliseconds: the moment of writing lies between the two. */
  readonly from: number
  readonly until: number
}

/**
 * The command that workers run for each job: one line when it begins and one when it is done.
 *
 * The shell writes each line at once and opens the file to append, so lines of several processes do not mix.
 */
export function workCommand(logFile: string, workMs: number): string {
  const mark = (what: Mark['what']): string =>
    `printf '%s %s %s %s %s\\n' ${what} "$JOBBOARD_JOB_ID" "$JOBBOARD_FENCING_TOKEN" $$ "$(date +%s%N)" >> '${logFile}'`
  return `${mark('start')}; sleep ${workMs / 1000}; ${mark('end')}`
}

/** Reads the log. Its last line may be cut off. */
export async function readMarks(logFile: string): Promise<readonly Mark[]> {
  const text = await readFile(logFile, 'utf8').catch(() => '')
  return text.split('\n').slice(0, -1).map(markOf)
}

function markOf(line: string): Mark {
  const [what, jobId = '', token = '', pid, time = ''] = line.split(' ')
  return { what: what === 'end' ? 'end' : 'start', jobId, token, pid: Number(pid), ...spanOf(time) }
}

/** Where `date` knows no nanoseconds (macOS) it prints the second and an N. */
function spanOf(time: string): Pick<Mark, 'from' | 'until'> {
  if (time.endsWith('N'))
    return { from: Number(time.slice(0, -1)) * 1000, until: (Number(time.slice(0, -1)) + 1) * 1000 }
  const ms = Number(time) / 1e6
  return { from: ms, until: ms }
}
