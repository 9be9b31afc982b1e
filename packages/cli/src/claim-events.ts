import type { Claim, ClaimLostError, JobState, LostOwner } from '@jobboard/core'
import { type JobJson, jobJson } from './job-json.js'
import { printable } from './printable.js'

/** What happens to a claim, as `claim` and `work` print it. */
export type ClaimEvent = 'claimed' | 'consumed' | 'abandoned' | 'trashed' | 'lost'

/** Of a lost claim nobody here can tell where the job stands: another owner may have it. */
const stateAfter: Readonly<Record<ClaimEvent, JobState>> = {
  claimed: 'CLAIMED',
  consumed: 'COMPLETE',
  abandoned: 'UNCLAIMED',
  trashed: 'TRASHED',
  lost: 'UNKNOWN',
}

export interface ClaimEventJson {
  readonly event: ClaimEvent
  readonly owner: string
  readonly job: JobJson
}

/** Every line about one claim carries that claim's token, also when the job has none any more. */
export function claimEventJson(event: ClaimEvent, claim: Claim): ClaimEventJson {
  const job = {
    ...jobJson(claim.job),
    state: stateAfter[event],
    owner: event === 'claimed' ? claim.owner : null,
    fencingToken: claim.fencingToken.toString(),
  }
  return { event, owner: claim.owner, job }
}

/** The same for people. */
export function claimEventLine(event: ClaimEvent, claim: Claim, why?: string): string {
  const { job, attempt, fencingToken, previous } = claim
  const begin = `attempt ${attempt}, token ${fencingToken}${previous ? `, taken over from ${previous.owner}${forced(previous)}` : ''}`
  const remark = event === 'claimed' ? begin : why?.split('\n', 1)[0]
  return printable(`${event} ${job.id}  ${job.name}${remark === undefined ? '' : `  (${remark})`}`)
}

/** Why a claim was lost; where an operator ended it, also the operator's reason. Looking for that costs nothing if it fails. */
export async function whyLost(claim: Claim, { reason }: ClaimLostError): Promise<string> {
  if (reason !== 'forced') return reason
  await lookAgain(claim)
  const { lostBy } = claim.job
  // The job may have been lost by somebody else since.
  return lostBy?.owner === claim.owner ? `${reason}${forced(lostBy)}` : reason
}

function forced({ reason }: LostOwner): string {
  return reason === undefined ? '' : `: ${reason}`
}

/** Brings counts, delay and trash of the job up to date after an ending. It is for the report only, so a failure costs nothing. */
export async function lookAgain(claim: Claim): Promise<void> {
  await claim.job.refresh().catch(() => {})
}
