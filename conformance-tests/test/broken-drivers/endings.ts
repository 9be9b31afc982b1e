import type {
  BackendFacts,
  ClaimWish,
  DriverEnvironment,
  DriverSink,
  Ending,
  EndingAnswer,
  SessionRef,
  SettleAnswer,
} from '@jobboard/core/driver'
import { type MemoryBackend, MemoryDriver } from '@jobboard/memory'
import type { Law } from '../../src/laws.js'
import { aMoment, type BrokenDriver, each, Spoilt } from './broken-driver.js'

/** Settles one ending after the other, each in a way of its own. */
abstract class Missettling extends Spoilt {
  override async settle(
    session: SessionRef,
    endings: readonly Ending[],
    wishes?: readonly ClaimWish[],
  ): Promise<SettleAnswer> {
    const answers: EndingAnswer[] = []
    for (const ending of endings) answers.push(await this.end(session, ending))
    return wishes === undefined
      ? { endings: answers }
      : { endings: answers, wishes: await this.claimNext(session, wishes) }
  }

  abstract end(session: SessionRef, ending: Ending): Promise<EndingAnswer>

  async rightly(session: SessionRef, ending: Ending): Promise<EndingAnswer> {
    const { endings } = await super.settle(session, [ending])
    return endings[0] as EndingAnswer
  }

  /** Ends whatever claim the job has, in the name of the ending. */
  onCurrent(session: SessionRef, ending: Ending): Promise<EndingAnswer> {
    const current = this.backend.jobs.get(ending.jobId)?.claim
    const taken = current === undefined ? ending : { ...ending, claimId: current.id, token: current.token }
    return this.rightly(session, taken)
  }

  /** Ends a job that nobody has, as if somebody had. */
  async onFree(ending: Ending): Promise<EndingAnswer> {
    const id = `for ${ending.claimId}`
    await this.startSession({ id, ttlMs: 1_000_000 })
    const [grant] = await this.claim({ id }, [{ jobId: ending.jobId, claimId: id, owner: 'nobody' }])
    const token = grant?.kind === 'claimed' ? grant.token : 0n
    return this.rightly({ id }, { ...ending, claimId: id, token })
  }
}

function tokenIgnored(how: Ending['how']): BrokenDriver {
  return {
    name: `the token is ignored on ${how}`,
    laws: ['SETTLE-1', 'SETTLE-2'] satisfies readonly Law[],
    because: 'SETTLE-1 asks for the check, SETTLE-2 says whom it keeps away',
    on: each(
      class extends Missettling {
        end(session: SessionRef, ending: Ending): Promise<EndingAnswer> {
          return ending.how === how ? this.onCurrent(session, ending) : this.rightly(session, ending)
        }
      },
    ),
  }
}

export const tokenIgnoredOnConsume: BrokenDriver = tokenIgnored('consume')
export const tokenIgnoredOnAbandon: BrokenDriver = tokenIgnored('abandon')
export const tokenIgnoredOnTrash: BrokenDriver = tokenIgnored('trash')

export const checkThenAct: BrokenDriver = {
  name: 'an ending checks the claim, and acts later',
  laws: ['SETTLE-1'],
  on: each(
    class extends Missettling {
      async end(session: SessionRef, ending: Ending): Promise<EndingAnswer> {
        this.backend.sweep()
        const holds = this.backend.jobs.get(ending.jobId)?.claim?.id === ending.claimId
        await aMoment()
        const row = this.backend.jobs.get(ending.jobId)
        if (!holds || row === undefined) return this.rightly(session, ending)
        return row.claim === undefined ? this.onFree(ending) : this.onCurrent(session, ending)
      }
    },
  ),
}

export const expiredHonoured: BrokenDriver = {
  name: 'an expired claim is still honoured while nobody took the job over',
  laws: ['SETTLE-2'],
  on: each(
    class extends Missettling {
      async end(session: SessionRef, ending: Ending): Promise<EndingAnswer> {
        const answer = await this.rightly(session, ending)
        return answer.kind === 'lost' && answer.cause === 'expired' ? this.onFree(ending) : answer
      }
    },
  ),
}

export const oneLostAllLost: BrokenDriver = {
  name: 'one stale ending among several makes the others lost',
  laws: ['SETTLE-2'],
  on: each(
    class extends Spoilt {
      override async settle(
        session: SessionRef,
        endings: readonly Ending[],
        wishes?: readonly ClaimWish[],
      ): Promise<SettleAnswer> {
        this.backend.sweep()
        const isCurrent = ({ jobId, claimId }: Ending) =>
          this.backend.jobs.get(jobId)?.claim?.id === claimId || this.backend.receipt(claimId) !== undefined
        const isStale = (ending: Ending) =>
          !isCurrent(ending) || this.backend.receipt(ending.claimId)?.how === 'forced'
        if (!endings.some(isStale)) return super.settle(session, endings, wishes)
        const lost = endings.map((): EndingAnswer => ({ kind: 'lost', cause: 'unknown' }))
        return wishes === undefined
          ? { endings: lost }
          : { endings: lost, wishes: await this.claimNext(session, wishes) }
      }
    },
  ),
}

export const consumeWithoutReceipt: BrokenDriver = {
  name: 'consume leaves no receipt',
  laws: ['SETTLE-3', 'POST-3'],
  because: 'by the receipt a consume sent again and a job posted again are recognised alike',
  on: backend => () => new Forgetful(backend),
}

/** Consumes by a driver that was told to keep no receipts. */
class Forgetful extends Missettling {
  readonly #forgetful: MemoryDriver = new MemoryDriver(() => this.backend)

  override async open(sink: DriverSink, environment: DriverEnvironment): Promise<BackendFacts> {
    await this.#forgetful.open({ ...sink, changed: () => {} }, { ...environment, rememberMs: 0 })
    return super.open(sink, environment)
  }

  override async close(): Promise<void> {
    await this.#forgetful.close()
    await super.close()
  }

  async end(session: SessionRef, ending: Ending): Promise<EndingAnswer> {
    if (ending.how !== 'consume') return this.rightly(session, ending)
    const { endings } = await this.#forgetful.settle(session, [ending])
    return endings[0] as EndingAnswer
  }
}

export const receiptForAnyone: BrokenDriver = {
  name: 'a receipt is good for any claim of its job',
  laws: ['SETTLE-3'],
  on(backend) {
    const ended = new Map<string, Ending['how']>()
    return () => new Lenient(backend, ended)
  },
}

class Lenient extends Missettling {
  readonly #ended: Map<string, Ending['how']>

  constructor(backend: MemoryBackend, ended: Map<string, Ending['how']>) {
    super(backend)
    this.#ended = ended
  }

  async end(session: SessionRef, ending: Ending): Promise<EndingAnswer> {
    const answer = await this.rightly(session, ending)
    const how = this.#ended.get(ending.jobId)
    if (answer.kind === 'settled') this.#ended.set(ending.jobId, answer.how)
    return answer.kind === 'lost' && how === 'consume' ? { kind: 'settled', how } : answer
  }
}

export const delayIgnoredOnAbandon: BrokenDriver = {
  name: 'the delay of an abandon is ignored',
  laws: ['SETTLE-4'],
  on: each(
    class extends Missettling {
      end(session: SessionRef, ending: Ending): Promise<EndingAnswer> {
        return this.rightly(session, ending.how === 'abandon' ? { ...ending, delayMs: 0 } : ending)
      }
    },
  ),
}

export const abandonIsATakeover: BrokenDriver = {
  name: 'the claim after an abandon is a takeover',
  laws: ['SETTLE-4'],
  on: each(
    class extends Missettling {
      async end(session: SessionRef, ending: Ending): Promise<EndingAnswer> {
        const answer = await this.rightly(session, ending)
        const row = this.backend.jobs.get(ending.jobId)
        if (ending.how === 'abandon' && row?.claim === undefined && row?.trash === undefined) {
          Object.assign(row ?? {}, { previous: { owner: 'somebody', at: 0, cause: 'expired' } })
        }
        return answer
      }
    },
  ),
}

export const receiptsTooShort: BrokenDriver = {
  name: 'receipts are kept for a third of the time',
  laws: ['SETTLE-3'],
  on: each(
    class extends Spoilt {
      override open(sink: DriverSink, environment: DriverEnvironment): Promise<BackendFacts> {
        return super.open(sink, { ...environment, rememberMs: environment.rememberMs / 3 })
      }
    },
  ),
}

export const delayFromThePosting: BrokenDriver = {
  name: 'the delay of an abandon counts from the posting',
  laws: ['SETTLE-4'],
  on: each(
    class extends Missettling {
      end(session: SessionRef, ending: Ending): Promise<EndingAnswer> {
        const createdOn = this.backend.jobs.get(ending.jobId)?.createdOn
        if (ending.how !== 'abandon' || createdOn === undefined) return this.rightly(session, ending)
        const delayMs = Math.max(0, createdOn + ending.delayMs - this.backend.clock.now())
        return this.rightly(session, { ...ending, delayMs })
      }
    },
  ),
}
