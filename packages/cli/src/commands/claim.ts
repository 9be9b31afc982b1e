import { setTimeout as sleep } from 'node:timers/promises'
import { type Claim, ClaimLostError, type Jobboard } from '@jobboard/core'
import type { Command } from 'commander'
import { globalOptions, withBoard } from '../board.js'
import { type ClaimEvent, claimEventJson, claimEventLine, lookAgain, whyLost } from '../claim-events.js'
import { endWith } from '../ending.js'
import { NothingToClaimError, UsageError } from '../errors-out.js'
import { type Interrupts, watchInterrupts } from '../interrupts.js'
import { print, printJson } from '../output.js'
import { label, oneOf, secondsAsMs } from '../parsers.js'

const endings = ['consume', 'abandon', 'trash', 'exit'] as const

interface Flags {
  readonly next?: true
  readonly owner: string
  readonly hold: number
  readonly then: (typeof endings)[number]
  readonly reason: string
}

export function addClaim(program: Command): void {
  program
    .command('claim')
    .description('claim a job, hold it for a while, and end the claim')
    .argument('[id]', "the job's id", label)
    .option('--next', 'the first claimable job of the board')
    .requiredOption('--owner <name>', 'who claims, for people to read', label)
    .option('--hold <seconds>', 'how long to hold the claim, renewing it', secondsAsMs, 0)
    .option('--then <ending>', `${endings.join(', ')}: how the claim ends`, oneOf(...endings), 'abandon')
    .option('--reason <text>', 'for --then trash: why', 'trashed by hand')
    .addHelpText(
      'after',
      '\nexit ends the process and leaves the claim as it is, so that it runs out by itself.',
    )
    .action(claimJob)
}

async function claimJob(id: string | undefined, flags: Flags, command: Command): Promise<void> {
  if ((id === undefined) !== (flags.next === true))
    throw new UsageError('claim needs the id of a job, or --next')
  const { json } = globalOptions(command)
  await withBoard(command, async board => {
    using interrupts = watchInterrupts()
    const claim = await take(board, id, flags.owner)
    const tell = (event: ClaimEvent, why?: string): Promise<void> =>
      json ? printJson(claimEventJson(event, claim)) : print(claimEventLine(event, claim, why))
    await tell('claimed')
    try {
      await hold(claim, flags.hold, interrupts.first)
      await tell(await end(claim, flags, interrupts))
    } catch (error) {
      if (error instanceof ClaimLostError) await tell('lost', await whyLost(claim, error))
      throw error
    }
  })
}

async function take(board: Jobboard, id: string | undefined, owner: string): Promise<Claim> {
  if (id !== undefined) return board.claim(id, owner)
  const claim = await board.claimNext({ owner })
  if (claim === undefined) throw new NothingToClaimError()
  return claim
}

/** Returns after so long, or earlier when interrupted. @throws ClaimLostError when the claim is lost meanwhile. */
async function hold(claim: Claim, ms: number, interrupted: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal: AbortSignal.any([claim.signal, interrupted]) }).catch(() => {})
  claim.assertHeld()
}

async function end(claim: Claim, { then, reason }: Flags, interrupts: Interrupts): Promise<ClaimEvent> {
  if (interrupts.status !== undefined) {
    endWith(interrupts.status)
    await claim.abandon()
    return 'abandoned'
  }
  if (then === 'exit') process.exit(0)
  if (then === 'consume') {
    await claim.consume()
    return 'consumed'
  }
  await (then === 'trash' ? claim.trash({ reason }) : claim.abandon())
  await lookAgain(claim)
  return then === 'trash' ? 'trashed' : 'abandoned'
}
