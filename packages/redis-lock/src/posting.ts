import { type PostAnswer, type Posting, priorityRank } from '@jobboard/core/driver'
import type { Board } from './board.js'
import { decodeJob, encodePosting, hashOf, isJob, type Row } from './codec.js'
import type { Reply } from './scripts.js'

/** Stores jobs, or says what is there under their ids (POST-3). */
export async function post(board: Board, postings: readonly Posting[]): Promise<readonly PostAnswer[]> {
  const args = postings.flatMap(posting => {
    const { id, hash, name, priority, delayMs } = posting
    return [id, hash, name, priorityRank(priority), Math.ceil(delayMs), ...encodePosting(posting)]
  })
  const ids = postings.map(({ id }) => id)
  const [, answers] = await board.scripts.run('post', ids, args)
  return postings.map((posting, i) => answerOf(answers[i], posting))
}

function answerOf([word, row]: Reply, posting: Posting): PostAnswer {
  switch (String(word)) {
    case 'consume':
      return { kind: 'consumed' }
    case 'trash':
      return { kind: 'purged' }
    case 'conflict':
      return { kind: 'conflict' }
    case 'posted':
      return { kind: 'posted', job: jobOf(row) }
    default:
      return isSame(row, posting) ? { kind: 'same', job: jobOf(row) } : { kind: 'conflict' }
  }
}

/** What does not parse is other content. */
function isSame(row: Row, { hash }: Posting): boolean {
  return isJob(decodeJob(row)) && hashOf(row) === hash
}

function jobOf(row: Row): Extract<PostAnswer, { readonly kind: 'posted' }>['job'] {
  const job = decodeJob(row)
  if (!isJob(job)) throw new Error(`${job.where}: ${job.problem}`)
  return job
}
