import type { ClaimAnswer, ClaimTry, Order, OrderAnswer, SessionRef, WishAnswer } from '@jobboard/core/driver'
import type { MemoryBackend } from '@jobboard/memory'
import { aMoment, type BrokenDriver, each, Spoilt } from './broken-driver.js'
import { Misclaiming } from './misclaiming.js'

export const claimNotAtomic: BrokenDriver = {
  name: 'a claim looks whether the job is free, and takes it later',
  laws: ['CLAIM-1'],
  on: each(
    class extends Spoilt {
      override async claim(ref: SessionRef, tries: readonly ClaimTry[]): Promise<readonly ClaimAnswer[]> {
        const free = tries.map(({ jobId }) => this.backend.jobs.get(jobId)?.claim === undefined)
        await aMoment()
        const answers: ClaimAnswer[] = []
        for (const [i, request] of tries.entries()) {
          const row = this.backend.jobs.get(request.jobId)
          const session = this.backend.session(ref)
          const isTaken = row?.claim !== undefined && row.claim.id !== request.claimId
          if (free[i] && isTaken && session !== undefined) {
            answers.push(this.backend.claim(session, row, request.claimId, request.owner))
          } else answers.push(...(await super.claim(ref, [request])))
        }
        return answers
      }
    },
  ),
}

export const ownerNotNamed: BrokenDriver = {
  name: 'who claims a claimed job is not told who has it',
  laws: ['CLAIM-2'],
  on: each(
    class extends Misclaiming {
      override answered(answer: ClaimAnswer): ClaimAnswer {
        return answer.kind === 'held' ? { kind: 'held', owner: '' } : answer
      }
    },
  ),
}

export const heldRefusesAll: BrokenDriver = {
  name: 'one claimed job among several refuses the tries beside it',
  laws: ['CLAIM-2'],
  on: each(
    class extends Spoilt {
      override async claim(ref: SessionRef, tries: readonly ClaimTry[]): Promise<readonly ClaimAnswer[]> {
        const held = tries.find(({ jobId, claimId }) => {
          const claim = this.backend.jobs.get(jobId)?.claim
          return claim !== undefined && claim.id !== claimId
        })
        // Tries on the same job are another matter.
        if (held === undefined || tries.every(({ jobId }) => jobId === held.jobId))
          return super.claim(ref, tries)
        const owner = this.backend.jobs.get(held.jobId)?.claim?.owner ?? ''
        return tries.map(() => ({ kind: 'held', owner }))
      }
    },
  ),
}

export const missingIsHeld: BrokenDriver = {
  name: 'a job that is gone is said to be claimed',
  laws: ['CLAIM-3'],
  on: each(
    class extends Misclaiming {
      override answered(answer: ClaimAnswer): ClaimAnswer {
        return answer.kind === 'missing' ? { kind: 'held', owner: 'nobody' } : answer
      }
    },
  ),
}

export const takeoverNotTold: BrokenDriver = {
  name: 'a takeover is not told',
  laws: ['CLAIM-6', 'CLAIM-12'],
  because: 'CLAIM-12 promises a takeover after a close, which only CLAIM-6 can show',
  on: each(
    class extends Misclaiming {
      override answered(answer: ClaimAnswer): ClaimAnswer {
        return answer.kind === 'claimed' ? silent(answer) : answer
      }

      override wished(answer: WishAnswer): WishAnswer {
        return answer.kind === 'claimed' ? silent(answer) : answer
      }
    },
  ),
}

function silent({
  kind,
  claimId,
  token,
  job,
}: Extract<ClaimAnswer, { kind: 'claimed' }>): ClaimAnswer & WishAnswer {
  return { kind, claimId, token, job: { ...job, takeover: false } }
}

export const resentClaimRefused: BrokenDriver = {
  name: 'a claim that is sent again is refused, since the job is claimed',
  laws: ['CLAIM-11'],
  on: each(
    class extends Spoilt {
      override async claim(ref: SessionRef, tries: readonly ClaimTry[]): Promise<readonly ClaimAnswer[]> {
        const current = tries.map(({ jobId }) => this.backend.jobs.get(jobId)?.claim)
        const answers = await super.claim(ref, tries)
        return answers.map((answer, i) => {
          const had = current[i]
          return had !== undefined && had.id === tries[i]?.claimId
            ? { kind: 'held', owner: had.owner }
            : answer
        })
      }
    },
  ),
}

export const forceIgnoresToken: BrokenDriver = {
  name: 'a forced release ends whatever claim the job has',
  laws: ['CLAIM-13'],
  on: each(
    class extends Spoilt {
      override administer<O extends Order>(order: O): Promise<OrderAnswer<O>> {
        if (order.kind !== 'force') return super.administer(order)
        const token = this.backend.jobs.get(order.jobId)?.claim?.token ?? order.token
        return super.administer({ ...order, token })
      }
    },
  ),
}

export const ownerCut: BrokenDriver = {
  name: 'of an owner that others have the part before the first colon is told',
  laws: ['CLAIM-2'],
  on: each(
    class extends Misclaiming {
      override answered(answer: ClaimAnswer): ClaimAnswer {
        return answer.kind === 'held' ? { ...answer, owner: answer.owner.replace(/:.*/s, '') } : answer
      }
    },
  ),
}

/** The board as it is, but that losses are recorded otherwise. */
function losing(spoil: (loss: Loss) => Loss): BrokenDriver['on'] {
  return backend => {
    const lose = backend.lose.bind(backend)
    backend.lose = (row, loss, rememberMs) => lose(row, spoil(loss), rememberMs)
    return () => new Spoilt(backend)
  }
}

type Loss = Parameters<MemoryBackend['lose']>[1]

export const lossWithoutTime: BrokenDriver = {
  name: 'the time of a loss is told in seconds',
  laws: ['CLAIM-6'],
  on: losing(loss => ({ ...loss, at: Math.round(loss.at / 1000) })),
}

export const forcedForNoReason: BrokenDriver = {
  name: 'what an operator said who forced a claim is forgotten',
  laws: ['CLAIM-13'],
  on: losing(({ cause, at }) => ({ cause, at })),
}

export const takeoverToldAgain: BrokenDriver = {
  name: 'a takeover is told to every later owner',
  laws: ['SETTLE-4'],
  on(backend) {
    const claim = backend.claim.bind(backend)
    backend.claim = (session, row, claimId, owner) => {
      const { previous } = row
      const grant = claim(session, row, claimId, owner)
      row.previous = previous
      return grant
    }
    return () => new Spoilt(backend)
  },
}
