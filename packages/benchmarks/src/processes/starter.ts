import { once } from 'node:events'

/** What a helper uses to talk with the process that started it. Without that one it has nothing to do. */
process.once('disconnect', () => process.exit())

export function tell(message: unknown): void {
  process.send?.(message)
}

/** Answers each question when it comes, one after the other. */
export async function serve(answer: (question: string) => Promise<unknown>): Promise<void> {
  tell('ready')
  for (;;) {
    const [question] = (await once(process, 'message')) as [string]
    tell(await answer(question))
  }
}
