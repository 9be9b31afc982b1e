// What other processes do in these tests: `node child.mjs VERB DIR [argument]`. Tells the parent in JSON lines.
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { contentHash, systemClock } from '@jobboard/core/driver'
// biome-ignore lint/style/noRestrictedImports: a test's own package, by its name.
import { sqlite } from '@jobboard/sqlite'

const [verb, dir, argument] = process.argv.slice(2)
const tell = value => process.stdout.write(`${JSON.stringify(value)}\n`)
const quiet = () => {}

async function open(sink = {}) {
  const driver = sqlite({ dir })
  const deaf = { changed: quiet, gap: quiet, doubt: quiet, malformed: quiet, trouble: quiet }
  const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet }
  const times = { callTimeoutMs: 5_000, rememberMs: 60_000, refreshMs: 30_000 }
  const facts = await driver.open(
    { ...deaf, ...sink },
    { label: 'child', clock: systemClock, logger, newId: randomUUID, ...times },
  )
  return { driver, facts }
}

function posting() {
  const content = { name: 'job', priority: 'NORMAL', details: '{}' }
  return { id: randomUUID(), delayMs: 0, ...content, hash: contentHash(content) }
}

const verbs = {
  /** Opens the board, and tells how it went. */
  async open() {
    const { driver, facts } = await open()
    tell(facts)
    await driver.close()
  },

  /** Holds the write lock for so many milliseconds. */
  async hold() {
    const { driver } = await open()
    await driver.close()
    const builtin = process.getBuiltinModule('node:sqlite')
    const { DatabaseSync } = builtin ?? (await import('@photostructure/sqlite'))
    const database = new DatabaseSync(join(dir, 'board.db'), { timeout: 5_000 })
    database.exec('BEGIN IMMEDIATE')
    tell('holding')
    setTimeout(() => database.exec('COMMIT'), Number(argument))
  },

  /** Posts a job at each line of its input, and tells when. */
  async post() {
    const { driver } = await open()
    tell('ready')
    for await (const _ of process.stdin) {
      const job = posting()
      await driver.post([job])
      tell({ id: job.id, at: Date.now() })
    }
  },

  /** Waits, and tells which part of a processor that took in so many milliseconds, once it has warmed up. */
  async idle() {
    await open()
    setTimeout(() => {
      const before = process.cpuUsage()
      setTimeout(() => {
        const { user, system } = process.cpuUsage(before)
        tell({ cpu: (user + system) / 1000 / Number(argument) })
        process.exit()
      }, Number(argument))
    }, 1_000)
  },

  /** Posts, claims and ends without pause, and tells of everything that was acknowledged. */
  async churn() {
    const { driver } = await open()
    const { session } = await driver.startSession({ id: randomUUID(), ttlMs: 1_000 })
    for (;;) {
      const jobs = [posting(), posting()]
      await driver.post(jobs)
      tell({ posted: jobs.map(job => job.id) })
      const [claimed] = await driver.claimNext(session, [{ claimId: randomUUID(), owner: 'churn' }])
      if (claimed?.kind !== 'claimed') continue
      tell({ token: Number(claimed.token) })
      const ending = { jobId: claimed.job.id, claimId: claimed.claimId, token: claimed.token, how: 'consume' }
      const { endings } = await driver.settle(session, [ending])
      if (endings[0]?.kind === 'settled') tell({ consumed: claimed.job.id })
    }
  },

  /** Opens one file with both builds of SQLite, perhaps in another folder. */
  async both() {
    const { driver } = await open()
    try {
      const second = sqlite({ dir: argument || dir, engine: 'package' })
      await second.open(
        {},
        { label: 'child', clock: systemClock, callTimeoutMs: 1_000, rememberMs: 0, newId: randomUUID },
      )
      tell('opened')
    } catch (error) {
      tell({ kind: error.kind, message: error.message })
    }
    await driver.close()
  },
}

await verbs[verb]()
