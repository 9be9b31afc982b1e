/**
 * Awaits a call for so long, and then rejects with what `late` says.
 *
 * The limit keeps this process alive: a promise that nobody will ever settle must end a run with an error, never in
 * silence.
 */
export async function within<T>(ms: number, call: Promise<T>, late: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(late())), ms)
  })
  try {
    return await Promise.race([call, limit])
  } finally {
    clearTimeout(timer)
  }
}
