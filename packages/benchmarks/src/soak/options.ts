import { parseArgs } from 'node:util'

export interface SoakOptions {
  readonly jobs: number
  readonly workers: number
  /** Jobs that each worker runs at the same time. */
  readonly concurrency: number
  /** The soak fails when it takes longer. */
  readonly limitMs: number
  /** Of the choices of victims and moments. What the system makes of them differs from run to run. */
  readonly seed: number
  /** Time to live of the workers' sessions. */
  readonly ttlMs: number
  /** Between two kills. Where processes start slowly, workers that are killed too often get nothing done. */
  readonly killEveryMs: number
  /** How long the command of one job sleeps. */
  readonly workMs: number
  /** Where the board is made. */
  readonly dir: string | undefined
}

export const usage = `node dist/soak.js [--jobs N] [--workers N] [--concurrency N] [--seconds N] [--seed N] [--ttl MS] [--kill-every MS]
                  [--work MS] [--dir DIR]

Several 'jobboard work' processes share one board in a folder. Every second one of them is killed with SIGKILL and another
started in its place; now and then one is stopped for longer than its claims live, and goes on. In the end every job must have
been consumed once, by the accounts of the workers, of the commands and of the board.

  --jobs N         jobs to post (default 2000)
  --workers N      processes (default 4)
  --concurrency N  jobs at the same time in each (default 4)
  --seconds N      longest duration (default 600)
  --seed N         of the random choices (default: another one each time)
  --ttl MS         time to live of the workers' sessions (default 2000)
  --kill-every MS  between two kills (default 1000)
  --work MS        how long the work on one job takes (default 50)
  --dir DIR        where the board is made (default: the system's folder for temporary files); it stays there after a failure
`

/** @throws TypeError when something is not an option or not a number. */
export function parseSoakOptions(args: readonly string[]): SoakOptions | undefined {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{
        jobs: text,
        workers: text,
        concurrency: text,
        seconds: text,
        seed: text,
        ttl: text,
        'kill-every': text,
        work: text,
        dir: text,
      },
      help: { type: 'boolean' },
    },
  })
  if (values.help) return undefined
  return {
    jobs: wholeNumber('jobs', values.jobs, 2_000),
    workers: wholeNumber('workers', values.workers, 4),
    concurrency: wholeNumber('concurrency', values.concurrency, 4),
    limitMs: wholeNumber('seconds', values.seconds, 600) * 1000,
    seed: wholeNumber('seed', values.seed, Math.floor(Math.random() * 2 ** 32)),
    ttlMs: wholeNumber('ttl', values.ttl, 2_000),
    killEveryMs: wholeNumber('kill-every', values['kill-every'], 1_000),
    workMs: wholeNumber('work', values.work, 50),
    dir: values.dir,
  }
}

function wholeNumber(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0) throw new TypeError(`--${name} must be a whole number`)
  return value
}
