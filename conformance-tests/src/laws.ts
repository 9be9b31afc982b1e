/** Ids of the laws that every board keeps; `docs/reference/semantics.md` has their full text. */
export type Law =
  | `POST-${1 | 2 | 3 | 4 | 5 | 6}`
  | `LIST-${1 | 2 | 3 | 4 | 5 | 6}`
  | `CLAIM-${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14}`
  | `SETTLE-${1 | 2 | 3 | 4 | 5 | 6}`
  | `WATCH-${1 | 2 | 3 | 4 | 5}`
  | `FAULT-${1 | 2 | 3 | 4 | 5 | 6}`
  | 'ENTITY-1'
  | `STORE-${1 | 2 | 3 | 4}`
  | `PERSIST-${1 | 2 | 3 | 4}`

/** Each law in one line, in the order of the contract. */
export const lawSummaries: Readonly<Record<Law, string>> = {
  'POST-1': 'an acknowledged post is as durable as the backend, and every fresh listing shows it',
  'POST-2': 'a posting never changes, not even its bytes',
  'POST-3': 'posting an id again adds nothing and answers where it stands; other content is a conflict',
  'POST-4': 'many posts in flight share round trips, and each gets its own answer',
  'POST-5': 'bad input is refused before anything is sent, by one list for all boards',
  'POST-6': 'a job posted for later is listed, but not claimable before its time',
  'LIST-1': 'most urgent first, then oldest first by the order of posting',
  'LIST-2': 'onlyUnclaimed leaves out what was claimed, delayed or settled',
  'LIST-3': 'ensureFresh reflects everything acknowledged before the call',
  'LIST-4': 'listing goes in pages, shows nothing twice, and jobs that come and go never make it throw',
  'LIST-5': 'an entry that does not parse is skipped and reported, never deleted',
  'LIST-6': 'counts are exact on a quiet board, and count each job at most once on a busy one',
  'CLAIM-1': 'a job has at most one current claim; of N claimers exactly one succeeds',
  'CLAIM-2': 'claiming a claimed job is refused and names the owner, also to an owner of the same name',
  'CLAIM-3': 'claiming a consumed, trashed or unknown job is not found; a delayed one is not available yet',
  'CLAIM-4': 'every claim gets a token greater than every token before it in its scope',
  'CLAIM-5': 'claimNext takes the first claimable job in order, and tells when that changes next',
  'CLAIM-6': 'claims are counted, and a takeover says so and names the previous owner',
  'CLAIM-7': 'one renewal keeps all claims of a session alive, and no ghost keeps a job',
  'CLAIM-8': 'the owner of a lost claim is told before anyone else can claim',
  'CLAIM-9':
    "a dead owner's job is claimable within the time to live plus the margin, and idle waiters notice",
  'CLAIM-10': 'a short loss of connection loses nothing',
  'CLAIM-11': 'a claim whose reply was lost answers with the same claim when it is sent again',
  'CLAIM-12': 'closing a board gives its claims back at once: takeovers, but no losses and no failures',
  'CLAIM-13': 'an operator can force the claim they saw to end, and no other',
  'CLAIM-14': 'a session that was given up or expired is never revived',
  'SETTLE-1': 'only the current claim can consume, abandon or trash, checked inside the write',
  'SETTLE-2': 'a stale claim changes nothing and gets a lost-claim error',
  'SETTLE-3': 'an ending sent again succeeds for the claim on its receipt and for no other',
  'SETTLE-4': 'abandon makes the job claimable again, at once or later; a failure counts',
  'SETTLE-5': 'trash keeps the job with its reason, error, owner and counts until it is restored or purged',
  'SETTLE-6': 'wait tells COMPLETE, TRASHED or false at its timeout, and UNKNOWN when it cannot know',
  'WATCH-1': "a job's latest lasting change reaches each board at least once and never goes back",
  'WATCH-2': 'after a gap the board resyncs, and no waiter sleeps past a job that is there',
  'WATCH-3': 'wait wakes on a claimable job without polling where the backend can push',
  'WATCH-4': 'a listener that throws harms nobody else, and its error is reported',
  'WATCH-5': 'N idle waiters and one new job: at most one claim attempt each',
  'FAULT-1': 'backend down or hung: every operation ends in time as unavailable',
  'FAULT-2': 'backend back: the same board works again, and claims that outlived the gap are held',
  'FAULT-3': 'an unknown outcome is settled by sending the same write again, or ends as unknown',
  'FAULT-4': 'a process that was paused past the time to live can do no harm',
  'FAULT-5': 'no unhandled rejection, no crash, no handle and no work left after close',
  'FAULT-6': 'limits, credentials, rights and old servers are told apart from an outage',
  'ENTITY-1': 'an entity is listed while its session lives and vanishes with it',
  'STORE-1': "the flow's store is overlaid by the job's store, key by key",
  'STORE-2': 'neither store is changed, either may be missing, and only own keys count',
  'STORE-3': 'a store that is no plain object is an error that names where it came from',
  'STORE-4': 'the flow detail is the one named, else the only one; none and several are told apart',
  'PERSIST-1':
    'logbooks, flow details and atom details are saved, read back equal, updated, listed and destroyed',
  'PERSIST-2': 'openFlow raises the fence, and writes under a lower one are refused',
  'PERSIST-3': 'concurrent updates of different atoms of one flow do not lose each other',
  'PERSIST-4': 'the schema is created and migrated by one call, safe when many processes start at once',
}

/** All laws, in the order of the contract. */
export const laws: readonly Law[] = Object.keys(lawSummaries) as Law[]

/** Laws that have no cases yet, because what they speak of does not exist yet: persistence. */
export const lawsToCome: readonly Law[] = ['PERSIST-1', 'PERSIST-2', 'PERSIST-3', 'PERSIST-4']

/** Laws that `cases` leave without a case, but for the laws to come. An empty answer is what the suite promises. */
export function lawsWithoutCase(cases: readonly { readonly law: Law }[]): readonly Law[] {
  const covered = new Set([...lawsToCome, ...cases.map(one => one.law)])
  return laws.filter(law => !covered.has(law))
}
